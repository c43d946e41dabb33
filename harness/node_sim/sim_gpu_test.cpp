#include "harness/node_sim/sim_gpu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "harness/node_sim/plant.h"
#include "harness/testing/scratch_folder.h"

namespace assay::sim {
namespace {

constexpr std::uint64_t kGib = 1ULL << 30;
constexpr std::uint64_t kTotalBytes = 143771ULL << 20;
constexpr std::uint64_t kReserved = 615ULL << 20;
constexpr int kSlot = 5;

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

class SimGpuTest : public testing::Test {
 protected:
  SimGpuTest() {
    state_->gpu_count = 2;
    state_->plant = {4480, 4200, 4300, 4150, 3900, 0,  0, 5e-6, 76,  113,  460,
                     700,  29,   0.01, 4,    0.01, 90, 0, 16,   345, 1980, 3201};
    state_->constants[0].slot = 2;
    GpuConstants& constants = state_->constants[1];
    constants.slot = kSlot;
    constants.memory_bytes = static_cast<std::int64_t>(kTotalBytes);
    constants.cell_words = 10007;
    constants.bandwidth_factor = 1;
    std::strcpy(constants.pci_address, "0000:1b:00.0");
    std::strncpy(state_->kernel_log_path, log_path_.c_str(), sizeof(state_->kernel_log_path) - 1);
    dynamic().present = 1;
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
  std::unique_ptr<SimGpu> open(std::uint64_t seed = 1) {
    return std::make_unique<SimGpu>(state_, kSlot, clock_, seed);
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

std::string error_code(const std::function<void()>& action) {
  try {
    action();
  } catch (const DeviceError& error) {
    return error.code();
  }
  return "";
}

TEST_F(SimGpuTest, HoldsAContextWhileItLives) {
  auto gpu = open();
  EXPECT_EQ(dynamic().contexts, 1);
  gpu.reset();
  EXPECT_EQ(dynamic().contexts, 0);
}

TEST_F(SimGpuTest, AbsentGpuIsLost) {
  EXPECT_EQ(error_code([&] { SimGpu gpu(state_, 7, clock_, 1); }), "device.lost");
  dynamic().present = 0;
  EXPECT_EQ(error_code([&] { open(); }), "device.lost");
  EXPECT_EQ(dynamic().contexts, 0);
}

TEST_F(SimGpuTest, GpuThatFallsOffDuringALaunchIsLost) {
  auto gpu = open();
  clock_.while_asleep = [&] { dynamic().present = 0; };
  EXPECT_EQ(error_code([&] { gpu->host()->execute({1e9, 0, WorkKind::read}, [] {}); }), "device.lost");
}

TEST_F(SimGpuTest, AllocationsShareTheCellsInProportion) {
  auto gpu = open();
  EXPECT_EQ(gpu->memory().free_bytes, kTotalBytes - kReserved);
  auto first = gpu->allocate(40 * kGib);
  auto second = gpu->allocate(40 * kGib);
  EXPECT_EQ(gpu->memory().free_bytes, kTotalBytes - kReserved - 80 * kGib);
  const double share = 40.0 * static_cast<double>(kGib) / static_cast<double>(kTotalBytes);
  EXPECT_NEAR(static_cast<double>(first->cells()->words()), share * 10007, 1);
  first->cells()->store(first->cells()->words() - 1, {1, 1});
  second->cells()->store(0, {2, 2});
  EXPECT_EQ(first->cells()->load(first->cells()->words() - 1).low, 1u) << "no cell is shared";

  first.reset();
  auto third = gpu->allocate(10 * kGib);
  third->cells()->store(0, {3, 3});
  EXPECT_EQ(second->cells()->load(0).low, 2u);
  EXPECT_EQ(error_code([&] { gpu->allocate(200 * kGib); }), "harness.device_memory");
  third.reset();
  second.reset();
  EXPECT_EQ(dynamic().memory_used_bytes, 0);
}

TEST_F(SimGpuTest, EverythingFreeCanBeAllocatedAtOnce) {
  auto gpu = open();
  const auto all = gpu->allocate(gpu->memory().free_bytes);
  EXPECT_EQ(gpu->memory().free_bytes, 0u);
  EXPECT_GT(all->cells()->words(), 9900u);
}

TEST_F(SimGpuTest, LaunchTakesTheTimeOfItsBytesAndLoadsTheMemory) {
  auto gpu = open();
  double load = 0;
  clock_.while_asleep = [&] { load = dynamic().memory_load; };
  const double seconds = gpu->host()->execute({2.15e12, 2.15e12, WorkKind::copy}, [] {});
  EXPECT_NEAR(seconds, 1 + 5e-6, 1e-9);
  EXPECT_EQ(clock_.now(), std::llround(seconds * 1e9));
  EXPECT_NEAR(load, 4300.0 / 4800, 1e-3);
  EXPECT_EQ(dynamic().memory_load, 0);
}

TEST_F(SimGpuTest, NoiseIsAFunctionOfSeedAndLaunch) {
  state_->plant.launch_noise = 0.01;
  const auto two_launches = [&](std::uint64_t seed) {
    auto gpu = open(seed);
    const double first = gpu->host()->execute({1e12, 0, WorkKind::read}, [] {});
    return std::pair(first, gpu->host()->execute({1e12, 0, WorkKind::read}, [] {}));
  };
  const auto a = two_launches(1), again = two_launches(1), other = two_launches(2);
  EXPECT_EQ(a, again);
  EXPECT_NE(a.first, a.second);
  EXPECT_NE(a, other);
}

TEST_F(SimGpuTest, SlowMemoryTakesLonger) {
  plant("hbm_slow", "factor", 0.5);
  auto gpu = open();
  EXPECT_NEAR(gpu->host()->execute({4.48e12, 0, WorkKind::read}, [] {}), 2, 1e-4);
}

TEST_F(SimGpuTest, CorrectedErrorsReachTheCounters) {
  plant("hbm_stuck_bit", "value", 1);
  auto gpu = open();
  const auto buffer = gpu->allocate(gpu->memory().free_bytes);
  Cells& cells = *buffer->cells();
  gpu->host()->execute({1, 0, WorkKind::read}, [&] {
    for (std::uint64_t i = 0; i < cells.words(); ++i) cells.store(i, {0, 0});
    for (std::uint64_t i = 0; i < cells.words(); ++i) EXPECT_EQ(cells.load(i).low, 0u);
  });
  EXPECT_EQ(dynamic().ecc_corrected_dram, 1);
  EXPECT_EQ(dynamic().ecc_corrected_dram_aggregate, 1);
  EXPECT_EQ(kernel_log(), "");
}

TEST_F(SimGpuTest, UncorrectedErrorIsReportedAsTheDriverDoes) {
  plant("hbm_double_bit", "second_bit", 100);
  auto gpu = open();
  const auto buffer = gpu->allocate(gpu->memory().free_bytes);
  const auto read_all = [&] {
    gpu->host()->execute({1, 0, WorkKind::read}, [&] {
      for (std::uint64_t i = 0; i < buffer->cells()->words(); ++i) buffer->cells()->load(i);
    });
  };
  EXPECT_EQ(error_code(read_all), "device.ecc_uncorrectable");
  EXPECT_EQ(dynamic().ecc_uncorrected_dram, 1);
  EXPECT_EQ(dynamic().remapped_uncorrected, 1);
  EXPECT_EQ(dynamic().remap_pending, 1);
  EXPECT_EQ(dynamic().recovery_action, 4);
  const std::string log = kernel_log();
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 94, pid="), std::string::npos) << log;
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 63, "), std::string::npos) << log;
  EXPECT_NE(log.find("NVRM: Xid (PCI:0000:1b:00): 154, "), std::string::npos) << log;
}

TEST_F(SimGpuTest, EveryLaunchIsShuffledOtherwise) {
  auto gpu = open();
  const std::uint64_t first = gpu->host()->shuffle_seed();
  EXPECT_NE(first, gpu->host()->shuffle_seed());
  EXPECT_EQ(first, open()->host()->shuffle_seed());
}

}  // namespace
}  // namespace assay::sim
