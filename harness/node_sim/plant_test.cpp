#include "harness/node_sim/plant.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::sim {
namespace {

constexpr std::int32_t kPid = 4711;

struct PlantTest : testing::Test {
  SharedState state = SharedState::anonymous();
  void SetUp() override {
    state->gpu_count = 1;
    state->constants[0].bandwidth_factor = 1;
    state->plant = {};
    state->plant.speed.power.idle_w = 76;
    state->plant.speed.power.context_w = 114;
    state->plant.speed.power.memory_w = 480;
    state->plant.speed.power.limit_w = 700;
    state->plant.idle_sm_mhz = 345;
    state->plant.boost_sm_mhz = state->plant.tensor_full_mhz = 1980;
    state->plant.ambient_c = 23;
    state->plant.fast_resistance_c_per_w = 0.03;
    state->plant.fast_time_constant_s = 5;
    state->plant.slow_resistance_c_per_w = 0.04;
    state->plant.slow_time_constant_s = 90;
    state->dynamic[0].present = 1;
    state->dynamic[0].power_limit_mw = 700'000;
    add_load(*state, 0, 0, kPid, {});
  }
};

TEST_F(PlantTest, SettlesAtAmbientPlusPowerTimesResistance) {
  const auto reading = read_plant(*state, 0, 3600 * kSecond);
  EXPECT_NEAR(reading.temperature_c, 23 + 76 * 0.07, 1e-6);
  EXPECT_EQ(reading.governed.power_w, 76);
}

TEST_F(PlantTest, HowOftenItIsLookedAtDoesNotChangeWhatItBecomes) {
  change_contexts(*state, 0, kSecond, 4711, 1);
  add_load(*state, 0, kSecond, kPid, {1'000'000});
  const auto undisturbed = read_plant(*state, 0, 61 * kSecond);
  for (int second = 2; second <= 61; ++second) add_load(*state, 0, second * kSecond, kPid, {});
  const auto disturbed = read_plant(*state, 0, 61 * kSecond);
  EXPECT_NEAR(undisturbed.temperature_c, disturbed.temperature_c, 1e-9);
  EXPECT_NEAR(undisturbed.energy_j, disturbed.energy_j, 1e-6);
  EXPECT_EQ(undisturbed.governed.power_w, 480);
}

TEST_F(PlantTest, LoadsAddUpResourceByResource) {
  state->plant.speed.power.tensor_cores_w = 600;
  state->plant.speed.per_s[static_cast<std::size_t>(WorkKind::host_to_device)] = 50e9;
  change_contexts(*state, 0, 0, kPid, 1);
  Loads half{};
  half[static_cast<std::size_t>(Resource::memory)] = 250'000;
  half[static_cast<std::size_t>(Resource::tensor_cores)] = 500'000;
  half[kTensorDraw] = 500'000;
  half[static_cast<std::size_t>(Resource::pcie_in)] = 500'000;
  add_load(*state, 0, 0, kPid, half);
  PlantReading reading = read_plant(*state, 0, kSecond);
  const double context = state->plant.speed.power.context_w;
  EXPECT_NEAR(reading.governed.power_w, context + 0.25 * (480 - context) + 0.5 * (600 - context), 1e-9);
  EXPECT_EQ(reading.pcie_received_bytes_per_s, 25e9);
  EXPECT_EQ(reading.pcie_sent_bytes_per_s, 0);
  add_load(*state, 0, kSecond, kPid, half);
  reading = read_plant(*state, 0, kSecond);
  EXPECT_EQ(reading.governed.power_w, 700) << "the limit";
  EXPECT_EQ(reading.memory_utilisation, 0.5);
  take_load(*state, 0, 2 * kSecond, kPid, half);
  take_load(*state, 0, 2 * kSecond, kPid, half);
  EXPECT_EQ(read_plant(*state, 0, 2 * kSecond).governed.power_w, context);
}

TEST_F(PlantTest, AKilledProcessIsListedForAMomentAndLeavesItsRoom) {
  change_contexts(*state, 0, kSecond, 4711, 1);
  change_memory(*state, 0, 4711, 5 << 20);
  add_load(*state, 0, kSecond, 4711, {300'000, 200'000, 100'000});
  release_own_processes(*state, 2 * kSecond);
  const GpuProcess& killed = state->dynamic[0].processes[0];
  EXPECT_EQ(killed.pid, 4711);
  EXPECT_EQ(killed.memory_bytes, 5 << 20);
  EXPECT_TRUE(is_listed(killed, 2 * kSecond + kSecond / 10));
  EXPECT_FALSE(is_listed(killed, 2 * kSecond + kSecond / 2));
  EXPECT_EQ(state->dynamic[0].contexts, 0);
  EXPECT_EQ(state->dynamic[0].loads, Loads{});
  EXPECT_EQ(state->dynamic[0].memory_used_bytes, 0);
  for (int pid = 1; pid <= kMaxProcesses; ++pid) change_contexts(*state, 0, 3 * kSecond, pid, 1);
  EXPECT_EQ(state->dynamic[0].processes[0].pid, 1) << "its place is free";
}

TEST_F(PlantTest, AProcessWithTheNumberOfAKilledOneIsAnother) {
  change_contexts(*state, 0, kSecond, 4711, 1);
  release_own_processes(*state, 2 * kSecond);
  change_contexts(*state, 0, 2 * kSecond, 4711, 1);
  const auto& processes = state->dynamic[0].processes;
  EXPECT_EQ(processes[1].pid, 4711);
  EXPECT_EQ(processes[1].contexts, 1);
  EXPECT_FALSE(is_listed(processes[0], 3 * kSecond));
  EXPECT_TRUE(is_listed(processes[1], 3 * kSecond));
}

TEST_F(PlantTest, AKilledProcessIsListedOnAllItsGpus) {
  state->gpu_count = 2;
  state->dynamic[1] = state->dynamic[0];
  for (int gpu = 0; gpu < 2; ++gpu) change_contexts(*state, gpu, kSecond, 4711, 1);
  release_own_processes(*state, 2 * kSecond);
  for (int gpu = 0; gpu < 2; ++gpu) {
    EXPECT_TRUE(is_listed(state->dynamic[gpu].processes[0], 2 * kSecond));
    EXPECT_EQ(state->dynamic[gpu].contexts, 0);
  }
}

TEST(PlantNoise, IsAFunctionOfItsNamesAndNormal) {
  EXPECT_EQ(deviate(7, "copy/gpu3", 4), deviate(7, "copy/gpu3", 4));
  EXPECT_NE(deviate(7, "copy/gpu3", 4), deviate(8, "copy/gpu3", 4));
  EXPECT_NE(deviate(7, "copy/gpu3", 4), deviate(7, "copy/gpu4", 4));
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = deviate(1, "s", static_cast<std::uint64_t>(i));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.03);
  EXPECT_NEAR(squares / kDraws, 1, 0.05);
}

}  // namespace
}  // namespace assay::sim
