// What a check works with, on a worker's pipe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/run/assignment.h"
#include "harness/run/worker_pipe.h"

namespace assay::run {

class WorkerContext final : public Context, private Ranks {
 public:
  /// Of one of the assignment's bodies. Opens its GPUs: throws DeviceError. `said_error`: set once the check
  /// has said what it is about to throw.
  WorkerContext(WorkerPipe& pipe, const Check& check, const Assignment& assignment, std::size_t body,
                WorkerNode& node, bool& said_error);

  const Part& part() const override { return assignment_.part; }
  const std::string& variant() const override { return mine().variant; }
  int devices() const override { return static_cast<int>(gpus_.size()); }
  Gpu& gpu(int device) override;
  const Part& slot_of(int device) const override;
  const std::string& pci_address_of(int device) const override;
  Host& host() override { return node_.host(); }
  const CublasLt& cublaslt() override;
  const Nccl& nccl() override;
  Ranks& ranks() override { return *this; }
  void stay() override;
  Clock& clock() override { return node_.clock(body_); }
  const NodeReadings& readings() const override { return newer_ ? *newer_ : assignment_.readings; }
  const NodeReadings& look_again() override;
  std::optional<double> power_w() override;
  const Settling& settling() const override { return assignment_.settling; }
  const nlohmann::json& begun() const override { return mine().begun; }
  std::vector<SlotInventory> slots() const override;
  std::uint64_t seed() const override { return mine().seed; }
  double duration_s() const override { return mine().duration_s; }

  void measure(const std::string& name, double value, Unit unit) override;
  void measure(const std::string& name, const std::string& value) override;
  void measure_at(const Part& part, const std::string& name, double value, Unit unit) override;
  void measure_at(const Part& part, const std::string& name, const std::string& value) override;
  void say_before_throwing(const DeviceError& error) override;
  void evidence(const std::string& name, const nlohmann::json& content) override;
  void attach(const std::string& name, const std::string& type, const std::string& path) override;
  void attach_text(const std::string& name, const std::string& type, const std::string& text) override;
  void log(const std::string& message) override;
  void progress(double fraction) override;
  void send_raw(const std::string& bytes) override { pipe_.send_raw(bytes); }

 private:
  int rank() const override { return assignment_.rank; }
  int count() const override { return assignment_.ranks; }
  std::vector<std::string> exchange(const std::string& mine, double most_s) override;
  bool one_is_gone() override { return pipe_.was_told(kGone); }

  void send_attachment(const std::string& name, const std::string& type, const std::string& file);
  const BodyAssignment& mine() const { return assignment_.bodies[body_]; }
  const GpuReadings* find(const std::string& pci_address) const;
  Part own_part(const std::string& measure) const;
  void send_measure(const Part& part, const std::string& name, nlohmann::json value, Unit unit);

  WorkerPipe& pipe_;
  const Check& check_;
  const Assignment& assignment_;
  std::size_t body_;
  WorkerNode& node_;
  bool& said_error_;
  std::vector<std::unique_ptr<Gpu>> gpus_;
  std::optional<NodeReadings> newer_;
  std::unique_ptr<CublasLt> cublaslt_;
  std::unique_ptr<Nccl> nccl_;
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace assay::run
