// A simulated GPU by itself, with a clock that the test holds: for tests of sim_device.h.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>

#include "harness/node_sim/cuda_emulation/runtime.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/sim_device.h"
#include "harness/testing/scratch_folder.h"

namespace assay::sim {

inline constexpr std::uint64_t kGib = 1ULL << 30;
inline constexpr std::uint64_t kTotalBytes = 143771ULL << 20;
inline constexpr std::uint64_t kReserved = 615ULL << 20;
inline constexpr int kSlot = 5;

class HandClock : public Clock {
 public:
  Nanoseconds now() const override { return now_; }
  bool sleep_until(Nanoseconds deadline) override {
    if (while_asleep) while_asleep();
    now_ = deadline;
    return true;
  }
  void interrupt() override {}
  std::function<void()> while_asleep;

 private:
  Nanoseconds now_ = 0;
};

class SimDeviceTest : public testing::Test {
 protected:
  SimDeviceTest() {
    state_->gpu_count = 2;
    state_->plant = healthy_h200_plant();
    state_->plant.speed.per_s[static_cast<std::size_t>(WorkKind::read)] = 4480e9;
    state_->plant.speed.per_s[static_cast<std::size_t>(WorkKind::copy)] = 4300e9;
    state_->plant.speed.launch_s = 5e-6;
    state_->plant.launch_noise = 0;
    state_->plant.leakage = {};
    state_->constants[0].slot = 2;
    GpuConstants& constants = state_->constants[1];
    constants.slot = kSlot;
    constants.memory_bytes = static_cast<std::int64_t>(kTotalBytes);
    constants.cell_words = 10007;
    constants.bandwidth_factor = 1;
    std::strcpy(constants.pci_address, "0000:1b:00.0");
    std::strncpy(state_->kernel_log_path, log_path_.c_str(), sizeof(state_->kernel_log_path) - 1);
    dynamic().present = 1;
    dynamic().pcie_generation = 5;
    dynamic().pcie_width = 16;
    dynamic().power_limit_mw = 700'000;
  }

  GpuDynamic& dynamic() { return state_->dynamic[1]; }
  FaultState& plant(const char* kind) {
    FaultState& fault = state_->faults[state_->fault_count++];
    std::strncpy(fault.kind, kind, sizeof(fault.kind) - 1);
    fault.slot = kSlot;
    return fault;
  }
  void plant(const char* kind, const char* parameter, double value) {
    FaultState& fault = plant(kind);
    std::strncpy(fault.parameters[0].name, parameter, sizeof(fault.parameters[0].name) - 1);
    fault.parameters[0].value = value;
  }
  std::unique_ptr<SimDevice> open(std::uint64_t seed = 1, const Sharers& sharers = kUnshared) {
    return std::make_unique<SimDevice>(state_, kSlot, clock_, seed, sharers, "some.check");
  }
  /// Virtual seconds of a launch.
  double launch(const Work& work) {
    const Nanoseconds before = clock_.now();
    EXPECT_EQ(cuda_emulation::launch_twin(work, [](std::uint64_t) {}), cuda_emulation::cudaSuccess);
    return static_cast<double>(clock_.now() - before) * 1e-9;
  }
  std::string kernel_log() const {
    std::ifstream file(log_path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  SharedState state_ = SharedState::anonymous();
  HandClock clock_;
  testing_tools::ScratchFolder folder_;
  std::string log_path_ = folder_ / "kernel.log";
};

inline cuda_emulation::cudaError_t failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const cuda_emulation::DeviceFailure& failure) {
    return failure.error;
  }
  return cuda_emulation::cudaSuccess;
}

/// All cells that can be allocated.
struct AllCells {
  explicit AllCells(SimDevice& device) {
    const auto allocation = device.allocate(device.memory().free_bytes);
    first = static_cast<Word128*>(allocation.memory);
    words = allocation.backed_bytes / sizeof(Word128);
  }
  Word128* first;
  std::uint64_t words;
};

}  // namespace assay::sim
