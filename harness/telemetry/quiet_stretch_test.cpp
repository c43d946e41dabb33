#include "harness/telemetry/quiet_stretch.h"

#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

GpuSample sample(int number, std::int64_t power_mw, std::int64_t celsius = 60) {
  GpuSample one;
  one.time = number;
  one.power_mw = Integer::of(power_mw);
  one.temperature_c = Integer::of(celsius);
  one.margin_c = number % 10 == 0 ? Integer::of(87 - celsius) : Integer::none("not_asked");
  one.memory_temperature_c = Integer::none("not_supported");
  return one;
}

std::vector<SeriesRow> rows_of(const std::vector<GpuSample>& samples) {
  QuietStretch stretch;
  std::vector<SeriesRow> rows;
  for (const GpuSample& one : samples) {
    for (const SeriesRow& row : stretch.add(one)) rows.push_back(row);
  }
  for (const SeriesRow& row : stretch.take()) rows.push_back(row);
  return rows;
}

TEST(QuietStretch, IsThreeRowsInPlaceOfAHundred) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 250; ++i) samples.push_back(sample(i, 75'000 + i % 3 * 1000, 60 + i % 2));
  const auto rows = rows_of(samples);
  ASSERT_EQ(rows.size(), 3u + 3u + 50u);
  EXPECT_EQ(rows[0].statistic, Statistic::least);
  EXPECT_EQ(rows[0].samples, 100);
  EXPECT_EQ(rows[0].values.time, 0);
  EXPECT_EQ(rows[0].values.power_mw.value, 75'000);
  EXPECT_EQ(rows[1].statistic, Statistic::mean);
  EXPECT_NEAR(static_cast<double>(*rows[1].values.power_mw.value), 75'990, 20);
  EXPECT_EQ(rows[2].values.power_mw.value, 77'000);
  EXPECT_EQ(rows[2].values.temperature_c.value, 61);
  EXPECT_EQ(rows[0].values.margin_c.value, 27);
  EXPECT_FALSE(rows[0].values.memory_temperature_c.value);
  EXPECT_EQ(rows[6].statistic, Statistic::sample) << "too short a stretch";
  EXPECT_EQ(rows[6].values.time, 200);
}

TEST(QuietStretch, EndsWhereSomethingChangesAndLosesNothing) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 300; ++i) samples.push_back(sample(i, i % 60 < 30 ? 110'000 : 700'000));
  const auto rows = rows_of(samples);
  ASSERT_EQ(rows.size(), samples.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].statistic, Statistic::sample);
    EXPECT_EQ(rows[i].values.time, static_cast<Nanoseconds>(i));
  }
}

TEST(QuietStretch, ASlowDriftIsNoQuiet) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back(sample(i, 600'000 + i * 1000));
  EXPECT_EQ(rows_of(samples).size(), 100u);
}

TEST(QuietStretch, AReadingThatIsThereAndThenIsNotIsAChange) {
  std::vector<GpuSample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back(sample(i, 75'000));
  samples[50].power_mw = Integer::none("timeout");
  const auto rows = rows_of(samples);
  ASSERT_EQ(rows.size(), 100u);
  EXPECT_EQ(rows[50].values.power_mw.missing, "timeout");
}

}  // namespace
}  // namespace assay::telemetry
