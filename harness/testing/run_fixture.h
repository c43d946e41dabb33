// For tests of run/: a plan of eight GPUs with its records in a folder of the test's own, a node whose clock
// moves only when somebody sleeps, and a sampler that says what the test has prepared.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/ipc/child.h"
#include "harness/node/backend.h"
#include "harness/record/reader.h"
#include "harness/run/interrupt.h"
#include "harness/run/progress.h"
#include "harness/run/sampler_client.h"
#include "harness/run/step_journal.h"
#include "harness/telemetry/sampler.h"
#include "harness/testing/run_builder.h"
#include "harness/testing/scratch_folder.h"

namespace assay::run {

class HandClock : public Clock {
 public:
  Nanoseconds now() const override { return now_; }
  bool sleep_until(Nanoseconds deadline) override {
    now_ = deadline;
    ++sleeps;
    return true;
  }
  void interrupt() override {}
  int sleeps = 0;

 private:
  Nanoseconds now_ = 1'767'225'600 * kSecond;  // 2026-01-01
};

/// Of a machine that shows nothing of itself.
class NoFiles : public HostFiles {
 public:
  std::optional<std::string> read(const std::string&) const override { return std::nullopt; }
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string&) const override { return {}; }
  std::optional<std::string> resolve(const std::string&) const override { return std::nullopt; }
};

/// Remembers whose time is let pass.
class FakeNode : public NodeSession {
 public:
  bool simulated() const override { return true; }
  Clock& clock() override { return clock_; }
  const Backend& backend() const override { throw std::logic_error("no worker of this node is started"); }
  const HostFiles& host_files() const override { return files_; }
  NodeAddress sampler_address() override { return {}; }
  NodeAddress new_worker_address(const std::vector<Sharers>&) override { return {{"worker", ++workers}}; }
  void worker_gone(const NodeAddress& worker, pid_t) override { log.push_back("gone " + worker.dump()); }
  void sampler_gone() override { log.push_back("sampler gone"); }
  void worker_waits(const NodeAddress&) override { log.push_back("waits"); }
  void worker_resumes(const NodeAddress&) override { log.push_back("resumes"); }
  void let_time_pass(Nanoseconds until) override {
    passes_until = until;
    if (on_let_time_pass) on_let_time_pass(until);
    if (log.empty() || log.back() != "time passes") log.push_back("time passes");
  }
  bool time_is_up(Nanoseconds until) override { return clock_.now() >= until; }
  void hold_time() override { log.push_back("time stands"); }

  HandClock clock_;
  NoFiles files_;
  int workers = 0;
  Nanoseconds passes_until = 0;
  std::function<void(Nanoseconds)> on_let_time_pass;
  std::vector<std::string> log;
};

/// Answers each request for a snapshot with the next that was prepared; the last one again and again.
class FakeSampler {
 public:
  explicit FakeSampler(std::vector<telemetry::Snapshot> snapshots)
      : shared_(std::make_shared<std::deque<telemetry::Snapshot>>(snapshots.begin(), snapshots.end())) {}
  std::unique_ptr<ipc::Child> start() const {
    return ipc::spawn_thread([left = shared_](int fd) {
      ipc::Channel channel(fd);
      try {
        while (channel.receive()) {
          channel.send({{"snapshot", left->front()}});
          if (left->size() > 1) left->pop_front();
        }
      } catch (const ipc::ProtocolError&) {
      }
      return 0;
    });
  }

 private:
  std::shared_ptr<std::deque<telemetry::Snapshot>> shared_;
};

class RunFixture : public ::testing::Test {
 protected:
  RunFixture() {
    for (PlannedSlot& slot : run.plan.slots) slot.pci_address = address_of(slot.part);
    record::RunStart start;
    start.plan = run.plan;
    start.node_name = run.node_name;
    start.hardware = run.hardware;
    journal.run_start(start);
  }

  static std::string address_of(const Part& gpu) {
    return "0000:" + std::to_string(10 + *gpu.gpu_slot()) + ":00.0";
  }
  /// An idle node.
  telemetry::Snapshot snapshot() const {
    telemetry::Snapshot result;
    for (const PlannedSlot& slot : run.plan.slots) {
      GpuReadings gpu;
      gpu.identity.pci_address = Text::of(slot.pci_address);
      gpu.state.processes.value.emplace();
      gpu.state.utilisation_percent = Integer::of(0);
      result.readings.gpus.push_back(gpu);
    }
    return result;
  }
  RunRecord records() {
    journal.sync();
    return record::read_records(path);
  }

  Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
  testing_tools::ScratchFolder folder;
  std::string path = folder / "records.jsonl";
  FakeNode node;
  record::Journal journal = record::Journal::create(path, [this] { return node.clock_.now(); });
  StepJournal steps{journal, run.plan, criteria};
  Interrupt interrupt;
  Progress progress{run.plan, Progress::Style::quiet};
};

}  // namespace assay::run
