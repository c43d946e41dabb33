// A check on a simulated GPU by itself: what it emits, held to what it declares.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/sim_gpu.h"
#include "harness/node_sim/simulated_backend.h"
#include "harness/node_sim/simulated_host.h"
#include "harness/registry.h"

namespace assay {

inline constexpr int kSlot = 1;

class JumpingClock : public Clock {
 public:
  Nanoseconds now() const override { return now_; }
  bool sleep_until(Nanoseconds deadline) override {
    now_ = deadline;
    return true;
  }
  void interrupt() override {}

 private:
  Nanoseconds now_ = 0;
};

/// The simulated one, but for what a test makes of it.
class OtherHost : public Host {
 public:
  explicit OtherHost(const sim::SharedState& state) : simulated_(state, clock_) {}
  const HostFiles& files() const override { return simulated_.files(); }
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    return simulated_.allocate(bytes, numa_node);
  }
  double memory_rate(int numa_node) override { return simulated_.memory_rate(numa_node); }
  Bmc& bmc() override { return simulated_.bmc(); }

 protected:
  const HostFiles& simulated_files() const { return simulated_.files(); }

 private:
  JumpingClock clock_;
  sim::SimulatedHost simulated_;
};

/// As many containers do.
class HostThatLetsNobodyChoose : public OtherHost {
 public:
  using OtherHost::OtherHost;
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    if (numa_node != kAnyNumaNode)
      throw std::system_error(EPERM, std::generic_category(), "memory of a NUMA node");
    return OtherHost::allocate(bytes, numa_node);
  }
  double memory_rate(int) override {
    throw std::system_error(EPERM, std::generic_category(), "memory of a NUMA node");
  }
};

struct Emitted {
  /// By name; of a numbered subcomponent by "sm57/wrong_results"; of a check of the node by "gpu3/links_up".
  std::map<std::string, double> values;
  std::map<std::string, std::string> texts;
  std::map<std::string, nlohmann::json> evidences;
  std::map<std::string, std::string> attached;
  double last_progress = 0;
};

/// Collects what a check emits, and holds it to its declaration.
class Collector : public Context, public Emitted, private Ranks {
 public:
  Collector(const Check& check, const sim::SharedState& state, double duration_s, std::string variant = {})
      : check_(check), variant_(std::move(variant)), host_(state, clock_), duration_s_(duration_s) {
    const bool sees_all = check.scope == Scope::all_gpus || check.scope == Scope::all_pairs;
    for (int i = 0; i < (sees_all ? state->gpu_count : 1); ++i) {
      const sim::GpuConstants& constants = state->constants[i];
      slots_.push_back(Part::gpu(constants.slot));
      pci_addresses_.emplace_back(constants.pci_address);
      gpus_.push_back(std::make_unique<sim::SimGpu>(state, constants.slot, clock_, 1));
    }
    if (sees_all) part_ = "node";
  }
  /// Works on another GPU than the simulated one.
  Gpu* instead = nullptr;
  /// Sees another host than the simulated one.
  Host* host_instead = nullptr;

  const Part& part() const override { return part_; }
  const std::string& variant() const override { return variant_; }
  int devices() const override { return static_cast<int>(gpus_.size()); }
  Gpu& gpu(int device) override {
    return instead != nullptr ? *instead : *gpus_.at(static_cast<std::size_t>(device));
  }
  const Part& slot_of(int device) const override { return slots_.at(static_cast<std::size_t>(device)); }
  const std::string& pci_address_of(int device) const override {
    return pci_addresses_.at(static_cast<std::size_t>(device));
  }
  Host& host() override { return host_instead != nullptr ? *host_instead : host_; }
  void stay() override { clock_.sleep_for(stayed); }
  const Nccl& nccl() override {
    if (nccl_ == nullptr) {
      std::string why_not;
      nccl_ = Nccl::open(sim::open_simulated_nccl(why_not), why_not);
    }
    return *nccl_;
  }
  const CublasLt& cublaslt() override {
    if (cublaslt_ == nullptr) {
      std::string why_not;
      cublaslt_ = CublasLt::open(sim::open_simulated_cublaslt(why_not), why_not);
    }
    return *cublaslt_;
  }
  Ranks& ranks() override { return *this; }
  void say_before_throwing(const DeviceError&) override {}
  /// What the first rank brings to a meeting; where nothing is said, this one is alone.
  std::optional<std::string> brought_by_the_first;
  std::string brought_last;  // by this one
  Clock& clock() override { return clock_; }
  const NodeReadings& readings() const override { return node; }
  const NodeReadings& look_again() override {
    if (before_next_look) before_next_look(node);
    return node;
  }
  const Settling& settling() const override { return settling_of_node; }
  const nlohmann::json& begun() const override { return begun_before; }
  nlohmann::json begun_before;  // by an attempt that was killed
  std::optional<double> power_w() override { return tell_power ? tell_power() : std::nullopt; }
  /// The sampler; where there is none, nobody knows.
  std::function<std::optional<double>()> tell_power;
  std::vector<SlotInventory> slots() const override {
    std::vector<SlotInventory> all;
    for (std::size_t i = 0; i < node.gpus.size(); ++i)
      all.push_back({Part::gpu(static_cast<int>(i)), &node.gpus[i]});
    return all;
  }
  /// What a check of the node sees: GPUs in the order of their slots.
  NodeReadings node;
  Settling settling_of_node;
  std::function<void(NodeReadings&)> before_next_look;
  std::uint64_t seed() const override { return 11; }
  double duration_s() const override { return duration_s_; }
  void measure(const std::string& name, double value, Unit unit) override {
    expect_declared(name, unit);
    const auto [known, first] = values.emplace(name, value);
    // Findings are said at once and again with their total; nothing else is said twice.
    EXPECT_TRUE(first || (name == "bad_words" && value >= known->second)) << name << " twice";
    known->second = value;
  }
  void measure(const std::string& name, const std::string& value) override {
    expect_declared(name, Unit::text);
    texts[name] = value;
  }
  void measure_at(const Part& part, const std::string& name, double value, Unit unit) override {
    expect_declared(name, unit);
    values[key_of(part, name)] = value;
  }
  void measure_at(const Part& part, const std::string& name, const std::string& value) override {
    expect_declared(name, Unit::text);
    texts[key_of(part, name)] = value;
  }
  void evidence(const std::string& name, const nlohmann::json& content) override {
    evidences[name] = content;
  }
  void attach(const std::string&, const std::string&, const std::string&) override { FAIL(); }
  void attach_text(const std::string& name, const std::string&, const std::string& text) override {
    attached[name] = text;
  }
  void log(const std::string&) override {}
  void progress(double fraction) override {
    EXPECT_GE(fraction, last_progress);
    EXPECT_LE(fraction, 1);
    last_progress = fraction;
  }
  void send_raw(const std::string&) override { FAIL(); }

  Nanoseconds stayed = 0;

 private:
  int rank() const override { return brought_by_the_first ? 1 : 0; }
  int count() const override { return brought_by_the_first ? 2 : 1; }
  bool one_is_gone() override { return false; }
  std::vector<std::string> exchange(const std::string& mine, double) override {
    brought_last = mine;
    return brought_by_the_first ? std::vector{*brought_by_the_first, mine} : std::vector{mine};
  }
  /// A check of the node speaks of any part, others of their own.
  std::string key_of(const Part& part, const std::string& name) const {
    if (part_ == "node" || check_.scope == Scope::node) return part.path() + "/" + name;
    EXPECT_EQ(part.unit(), part_);
    return part.subcomponent() + "/" + name;
  }
  void expect_declared(const std::string& name, Unit unit) const {
    bool declared = false;
    for (const Measure& measure : check_.measures) declared |= measure.name == name && measure.unit == unit;
    EXPECT_TRUE(declared) << name;
  }

  const Check& check_;
  std::string variant_;
  Part part_ = "gpu1";
  JumpingClock clock_;
  std::vector<Part> slots_;
  std::vector<std::string> pci_addresses_;
  std::vector<std::unique_ptr<sim::SimGpu>> gpus_;
  sim::SimulatedHost host_;
  std::unique_ptr<CublasLt> cublaslt_;
  std::unique_ptr<Nccl> nccl_;
  double duration_s_;
};

class CheckOnSimulatedGpu : public testing::Test {
 protected:
  CheckOnSimulatedGpu() {
    state_->plant = sim::healthy_h200_plant();
    add_gpu(kSlot);
    std::strncpy(state_->kernel_log_path, "/dev/null", sizeof(state_->kernel_log_path) - 1);
  }

  void add_gpu(int slot, bool nvlinks = false) {
    const int index = state_->gpu_count++;
    sim::GpuConstants& constants = state_->constants[index];
    constants.slot = slot;
    sim::make_healthy_h200(constants);
    constants.cell_words = 5003;
    sim::make_healthy(state_->dynamic[index], state_->plant, 0, nvlinks);
  }

  void plant(const char* kind, const std::map<std::string, double>& parameters,
             const std::map<std::string, std::string>& texts = {}, int slot = kSlot) {
    sim::FaultState& fault = state_->faults[state_->fault_count++];
    std::strncpy(fault.kind, kind, sizeof(fault.kind) - 1);
    fault.slot = slot;
    int i = 0;
    for (const auto& [name, value] : parameters) {
      std::strncpy(fault.parameters[i].name, name.c_str(), sizeof(fault.parameters[i].name) - 1);
      fault.parameters[i++].value = value;
    }
    i = 0;
    for (const auto& [name, value] : texts) {
      std::strncpy(fault.texts[i].name, name.c_str(), sizeof(fault.texts[i].name) - 1);
      std::strncpy(fault.texts[i++].value, value.c_str(), sizeof(fault.texts[i].value) - 1);
    }
  }

  static const Check& check(const char* name) { return *find_check(name); }

  sim::SharedState state_ = sim::SharedState::anonymous();
};

}  // namespace assay
