#include "harness/node_sim/power_steps.h"

#include <gtest/gtest.h>

#include "harness/node_sim/clock_governor.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/plant.h"

namespace assay::sim {
namespace {

constexpr std::int32_t kJob = 77;

struct PowerStepsTest : testing::Test {
  SharedState state = SharedState::anonymous();

  void SetUp() override {
    state->plant = healthy_h200_plant();
    state->gpu_count = 4;
    for (int gpu = 0; gpu < state->gpu_count; ++gpu) {
      make_healthy(state->dynamic[gpu], state->plant, 0, false);
      change_contexts(*state, gpu, 0, kJob, 1);
    }
  }
  /// At work for half of each period.
  void swing(int gpus, double period_s, int times, double from_s = 1) {
    Loads full{};
    full[static_cast<std::size_t>(Resource::tensor_cores)] = full[kTensorDraw] = 1'000'000;
    for (int i = 0; i < times; ++i) {
      const Nanoseconds up = nanoseconds_of(from_s + i * period_s);
      for (int gpu = 0; gpu < gpus; ++gpu) add_load(*state, gpu, up, kJob, full);
      const Nanoseconds down = up + nanoseconds_of(period_s / 2);
      for (int gpu = 0; gpu < gpus; ++gpu) take_load(*state, gpu, down, kJob, full);
    }
  }
  bool is_braked(int gpu, double at_s) const {
    const GpuDynamic& d = state->dynamic[gpu];
    return holds_on(d, d.heat, nanoseconds_of(at_s)).braked;
  }
};

TEST_F(PowerStepsTest, KnowsHowTheLoadComesAndGoes) {
  swing(1, 0.1, 8);
  const PowerSteps& steps = state->dynamic[0].steps;
  EXPECT_EQ(steps.period_ns, kSecond / 10);
  EXPECT_EQ(steps.rested_ns, kSecond / 20);
  EXPECT_GE(steps.alike, 4);
  EXPECT_NEAR(seconds_since_rise(state->dynamic[0], steps.risen + kSecond / 100), 0.01, 1e-9);
  EXPECT_EQ(seconds_since_rise(state->dynamic[0], 10 * kSecond), 0)
      << "it rests: what begins now comes from rest";
}

TEST_F(PowerStepsTest, WhatLiesBetweenTwoLaunchesIsNoRest) {
  swing(1, 0.001, 100);
  EXPECT_EQ(state->dynamic[0].steps.alike, 0);
}

TEST_F(PowerStepsTest, ASupplySagsInItsRhythmAlone) {
  state->supply = {0.08, 0.125, 0.2};
  swing(4, 0.02, 50, 1);
  EXPECT_EQ(state->dynamic[0].brake_until, 0) << "fifty times a second";
  swing(4, 0.5, 6, 3);
  EXPECT_EQ(state->dynamic[0].brake_until, 0) << "twice a second";
  swing(4, 0.1, 8, 10);
  for (int gpu = 0; gpu < 4; ++gpu) EXPECT_TRUE(is_braked(gpu, 10.75)) << gpu;
}

TEST_F(PowerStepsTest, OneGpuIsTooLittleForASupplyToSag) {
  state->supply = {0.08, 0.125, 0.2};
  swing(1, 0.1, 20);
  EXPECT_EQ(state->dynamic[0].brake_until, 0);
  swing(2, 0.1, 20, 10);
  EXPECT_TRUE(is_braked(3, 11.95)) << "half of them are enough, and all are braked";
}

TEST_F(PowerStepsTest, AHealthySupplyFollows) {
  swing(4, 0.1, 50);
  EXPECT_EQ(state->dynamic[0].brake_until, 0);
}

}  // namespace
}  // namespace assay::sim
