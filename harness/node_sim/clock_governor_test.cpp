#include "harness/node_sim/clock_governor.h"

#include <gtest/gtest.h>

#include "harness/node_sim/healthy_h200.h"

namespace assay::sim {
namespace {

const PlantConstants kPlant = healthy_h200_plant();

Loads loaded(double tensor, double memory = 0) {
  Loads loads{};
  loads[static_cast<std::size_t>(Resource::tensor_cores)] = static_cast<std::int64_t>(tensor * 1e6);
  loads[kTensorDraw] = static_cast<std::int64_t>(tensor * 1e6);
  loads[static_cast<std::size_t>(Resource::memory)] = static_cast<std::int64_t>(memory * 1e6);
  return loads;
}

Governed at(const Loads& loads, const Holds& holds = {true, 700}) {
  return govern(kPlant, holds, loads);
}

TEST(ClockGovernor, LeavesTheFullClockToWhatStaysBelowTheLimit) {
  EXPECT_EQ(at(loaded(0, 1)).sm_mhz, 1980);
  EXPECT_NEAR(at(loaded(0, 1)).power_w, 630, 1e-9);
  EXPECT_FALSE(at(loaded(0, 1)).is_held_by(HeldBy::power_cap));
  EXPECT_EQ(at({}, {false, 700}).sm_mhz, 345) << "nobody has a context";
}

/// reports/evidence/2026-11-26-h200-2: bf16 alone at 1665 to 1710 MHz, 699 W; beside a copy of the memory at
/// 1125 MHz, 692 W, both at seven eighths of what they do alone at that clock.
TEST(ClockGovernor, HoldsTensorCoresToWhatAnH200IsHeldTo) {
  const Governed alone = at(loaded(1));
  EXPECT_TRUE(alone.is_held_by(HeldBy::power_cap));
  EXPECT_NEAR(alone.sm_mhz, 1710, 15);
  EXPECT_NEAR(alone.power_w, 700, 1e-6);
  EXPECT_NEAR(at(loaded(0.875, 0.875)).sm_mhz, 1125, 50);
}

/// The same evidence: tf32 at 1845 MHz, fp8 at 1695; products of -1, 0 and 1 draw less than the limit.
TEST(ClockGovernor, LeavesMoreToTypesAndDataThatDrawLess) {
  const auto of = [](double draw) {
    Loads loads = loaded(1);
    loads[kTensorDraw] = static_cast<std::int64_t>(draw * 1e6);
    return at(loads);
  };
  const DevicePower& power = kPlant.speed.power;
  EXPECT_NEAR(of(power.draw_of(WorkKind::tf32, false)).sm_mhz, 1845, 15);
  EXPECT_NEAR(of(power.draw_of(WorkKind::fp8, false)).sm_mhz, 1695, 15);
  EXPECT_LT(of(power.draw_of(WorkKind::bf16, true)).power_w, 650);
  EXPECT_EQ(power.draw_of(WorkKind::bf16, false), 1);
}

TEST(ClockGovernor, ALowerLimitLeavesALowerClock) {
  const Governed lowered = at(loaded(1), {true, 500});
  EXPECT_LT(lowered.sm_mhz, 1550);
  EXPECT_NEAR(lowered.power_w, 500, 1e-6);
  EXPECT_LT(at(loaded(0, 1), {true, 500}).sm_mhz, 990) << "memory work gives way only where it gets slower";
}

TEST(ClockGovernor, HeatAndTheBrakeComeBeforeThePowerLimit) {
  Holds holds{true, 700, 0.25};
  EXPECT_EQ(at(loaded(1), holds).sm_mhz, 0.75 * 1980);
  EXPECT_TRUE(at(loaded(1), holds).is_held_by(HeldBy::software_thermal));
  EXPECT_FALSE(at(loaded(1), holds).is_held_by(HeldBy::power_cap));
  holds.overheated = true;
  EXPECT_EQ(at(loaded(1), holds).sm_mhz, 990);
  holds.braked = true;
  EXPECT_EQ(at(loaded(1), holds).sm_mhz, 345);
  EXPECT_TRUE(at(loaded(1), holds).is_held_by(HeldBy::power_brake));
}

TEST(ClockGovernor, MemoryKeepsItsRateDownToHalfTheClock) {
  EXPECT_EQ(share_at(WorkKind::copy, 1440, kPlant), 1);
  EXPECT_NEAR(share_at(WorkKind::copy, 345, kPlant), 345.0 / 990, 1e-9);
  EXPECT_NEAR(share_at(WorkKind::bf16, 1485, kPlant), 0.75, 1e-9);
  EXPECT_EQ(share_at(WorkKind::host_to_device, 345, kPlant), 1);
  EXPECT_LT(share_at(WorkKind::peer_stores, 345, kPlant), 1);
  EXPECT_EQ(share_at(WorkKind::to_peer, 345, kPlant), 1) << "by a copy engine";
}

}  // namespace
}  // namespace assay::sim
