#include "harness/telemetry/cooling.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::telemetry {
namespace {

constexpr double kPeriod_s = 0.1;

GpuSample sample(double watts, double celsius) {
  GpuSample one;
  one.power_mw = Integer::of(std::llround(watts * 1000));
  one.temperature_c = Integer::of(std::llround(celsius));
  return one;
}

/// 700 W for so long, then 110 W, of a chip over air that it warms by `resistance` at once.
std::vector<GpuSample> load_and_rest(double load_s, double rest_s, double resistance, double air_c = 40) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 10; ++i) samples.push_back(sample(110, air_c + 110 * resistance));
  for (int i = 0; i < load_s / kPeriod_s; ++i) samples.push_back(sample(700, air_c + 700 * resistance));
  for (int i = 0; i < rest_s / kPeriod_s; ++i) {
    const double left = std::exp(-i * kPeriod_s / 0.4);
    samples.push_back(sample(110, air_c + (110 + 590 * left) * resistance));
  }
  return samples;
}

TEST(Cooling, OfTheChipIsTheDropWhenTheLoadIsGone) {
  for (const double resistance : {0.05, 0.11}) {
    const auto drop = cooling_in(load_and_rest(10, 5, resistance), kPeriod_s).drop_c_per_w;
    ASSERT_TRUE(drop.value) << drop.missing;
    EXPECT_NEAR(*drop.value, resistance, 0.002);  // a degree of 590 W
  }
}

TEST(Cooling, DoesNotHangOnHowWarmTheAirIs) {
  const auto cool = cooling_in(load_and_rest(10, 5, 0.05, 25), kPeriod_s).drop_c_per_w;
  const auto warm = cooling_in(load_and_rest(10, 5, 0.05, 45), kPeriod_s).drop_c_per_w;
  EXPECT_NEAR(cool.value.value(), warm.value.value(), 1e-9);
}

TEST(Cooling, HangsOnNoSpikeOfPower) {
  auto samples = load_and_rest(20, 5, 0.05);
  for (GpuSample& one : samples) {
    if (*one.power_mw.value > 600'000) one.power_mw = Integer::of(315'000);  // held down
  }
  samples[12].power_mw = samples[13].power_mw = Integer::of(700'000);
  EXPECT_TRUE(cooling_in(samples, kPeriod_s).drop_c_per_w.value);
}

TEST(Cooling, IsNotKnownWithoutALoadAndARestBehindIt) {
  EXPECT_FALSE(cooling_in(load_and_rest(10, 0, 0.05), kPeriod_s).drop_c_per_w.value);
  EXPECT_FALSE(cooling_in(load_and_rest(10, 2, 0.05), kPeriod_s).drop_c_per_w.value);
  EXPECT_FALSE(cooling_in(load_and_rest(2, 5, 0.05), kPeriod_s).drop_c_per_w.value);
  EXPECT_FALSE(cooling_in({}, kPeriod_s).drop_c_per_w.value);
  auto silent = load_and_rest(10, 5, 0.05);
  for (GpuSample& one : silent) one.temperature_c = Integer::none("not_supported");
  EXPECT_FALSE(cooling_in(silent, kPeriod_s).drop_c_per_w.value);
}

TEST(Cooling, DriftIsOfTheLastQuarterAgainstTheOneBefore) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 400; ++i) samples.push_back(sample(700, 60 + i * 0.02));
  for (int i = 0; i < 50; ++i) samples.push_back(sample(110, 40));
  EXPECT_NEAR(cooling_in(samples, kPeriod_s).drift_c.value.value(), 2, 0.6);
  EXPECT_NEAR(cooling_in(load_and_rest(40, 5, 0.05), kPeriod_s).drift_c.value.value(), 0, 1e-9);
  EXPECT_FALSE(cooling_in(load_and_rest(10, 5, 0.05), kPeriod_s).drift_c.value) << "too short to tell";
}

}  // namespace
}  // namespace assay::telemetry
