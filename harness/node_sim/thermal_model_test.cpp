#include "harness/node_sim/thermal_model.h"

#include <gtest/gtest.h>

#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/thermal_limits.h"

namespace assay::sim {
namespace {

struct ThermalModel : testing::Test {
  PlantConstants plant = healthy_h200_plant();
  GpuDynamic gpu{};

  void SetUp() override {
    make_healthy(gpu, plant, 0, true);
    gpu.contexts = 1;
  }
  void load(Resource resource) {
    gpu.loads[static_cast<std::size_t>(resource)] = 1'000'000;
    if (resource == Resource::tensor_cores) gpu.loads[kTensorDraw] = 1'000'000;
  }
  GpuHeat after(double seconds) { return heat_at(plant, gpu, static_cast<Nanoseconds>(seconds * kSecond)); }
  double core_after(double seconds) { return temperatures(plant, gpu, after(seconds)).core_c; }
  double held_s(double seconds, HeldBy what) {
    return static_cast<double>(after(seconds).held_ns[static_cast<std::size_t>(what)]) / kSecond;
  }
};

TEST_F(ThermalModel, AHealthyGpuAtItsLimitIsHeldDownByNothingElse) {
  load(Resource::tensor_cores);
  EXPECT_NEAR(core_after(600), 65 + (700 - 590) * (65 - plant.ambient_c) / 590, 0.1);
  EXPECT_EQ(held_s(600, HeldBy::power_cap), 600);
  EXPECT_EQ(held_s(600, HeldBy::software_thermal), 0);
  EXPECT_EQ(held_s(600, HeldBy::hardware_thermal), 0);
  EXPECT_NEAR(after(600).energy_j, 600 * 700, 1);
}

TEST_F(ThermalModel, WhatTakesUpHeatBadlyIsSlowedDownUntilItStaysAtItsMaximum) {
  load(Resource::tensor_cores);
  gpu.resistance_excess = 1.2;
  EXPECT_GT(held_s(60, HeldBy::software_thermal), 50);
  for (double second = 30; second < 31; second += 0.1) {
    EXPECT_NEAR(core_after(second), kGpuMaxC, 4) << second;
  }
  EXPECT_LT(after(60).energy_j, 60 * 690);
}

TEST_F(ThermalModel, WhatIsFarTooHotTheHardwareHalves) {
  load(Resource::tensor_cores);
  gpu.resistance_excess = 4;
  EXPECT_GT(held_s(10, HeldBy::hardware_thermal), 0.3);
}

TEST_F(ThermalModel, HotMemorySlowsDownACoreThatIsCool) {
  load(Resource::memory);
  gpu.hbm_excess_c = 30;
  EXPECT_GT(held_s(60, HeldBy::software_thermal), 10);
  EXPECT_LT(core_after(60), 70);
  EXPECT_EQ(held_s(60, HeldBy::hardware_thermal), 0);
}

TEST_F(ThermalModel, WhatIsWarmerLeaksMoreSoThatTheLimitLeavesItLessClock) {
  load(Resource::tensor_cores);
  const auto clock_after = [&](double seconds) {
    const GpuHeat heat = after(seconds);
    return govern(plant, holds_at(gpu, heat, heat.time), gpu.loads).sm_mhz;
  };
  const double cool = clock_after(0.1), warm = clock_after(600);
  gpu.inlet_excess_c = 10;
  const double warmer = clock_after(600);
  EXPECT_GT(cool, 1.01 * warm);
  EXPECT_GT(warm, 1.005 * warmer);
  EXPECT_GT(warmer, 0.95 * warm) << "a few per cent";
}

TEST_F(ThermalModel, FansFollowTheHeatInSteps) {
  EXPECT_EQ(after(600).fans, 0) << "at rest";
  load(Resource::tensor_cores);
  EXPECT_EQ(after(9.9).fans, 0) << "they are set every ten seconds";
  EXPECT_EQ(after(10.1).fans, 1);
  EXPECT_EQ(after(600).fans, 1);
  const double loaded_c = core_after(600);
  gpu.inlet_excess_c = 13;
  EXPECT_EQ(after(600).fans, 2);
  EXPECT_LT(core_after(600), loaded_c + 12.5) << "at full speed they take some of it away";
  gpu.inlet_excess_c = 0;
  gpu.heat = after(600);
  gpu.loads = {};
  EXPECT_EQ(after(700).fans, 0);
}

TEST_F(ThermalModel, WhatIsKeptAtATickGoesOnAsIfNobodyHadLooked) {
  load(Resource::tensor_cores);
  const GpuHeat at_once = after(37.03);
  for (int i = 1; i <= 370; ++i)
    gpu.heat = heat_at_last_tick(plant, gpu, static_cast<Nanoseconds>((0.1 * i + 0.02) * kSecond));
  const GpuHeat looked_at = after(37.03);
  EXPECT_EQ(looked_at.fast_rise_c, at_once.fast_rise_c) << "to the last bit";
  EXPECT_EQ(looked_at.slow_rise_c, at_once.slow_rise_c);
  EXPECT_EQ(looked_at.energy_j, at_once.energy_j);
}

TEST_F(ThermalModel, TheBrakeActsFromItsMomentToItsMoment) {
  load(Resource::tensor_cores);
  gpu.brake_from = 5 * kSecond + 1;
  gpu.brake_until = 8 * kSecond;
  EXPECT_NEAR(held_s(60, HeldBy::power_brake), 3, 1e-8);
  EXPECT_NEAR(held_s(6, HeldBy::power_brake), 1, 1e-8);
}

TEST_F(ThermalModel, HowOftenItIsLookedAtDoesNotChangeWhatItBecomes) {
  load(Resource::tensor_cores);
  gpu.resistance_excess = 1.2;
  const GpuHeat at_once = after(30);
  for (int i = 1; i <= 300; ++i) gpu.heat = after(0.1 * i + 0.03);
  EXPECT_EQ(gpu.heat.held_ns[0] / kSecond, at_once.held_ns[0] / kSecond);
  const GpuHeat in_steps = after(31);
  gpu.heat = at_once;
  EXPECT_NEAR(in_steps.fast_rise_c, after(31).fast_rise_c, 1e-6);
  EXPECT_EQ(in_steps.clock_cut, after(31).clock_cut);
  EXPECT_EQ(in_steps.held_ns[1], after(31).held_ns[1]);
}

}  // namespace
}  // namespace assay::sim
