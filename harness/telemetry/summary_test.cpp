#include "harness/telemetry/summary.h"

#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

GpuSample sample(std::int64_t watts, std::int64_t busy_percent, std::int64_t core_c = 60,
                 std::int64_t memory_c = 70) {
  GpuSample sample;
  sample.power_mw = Integer::of(watts * 1000);
  sample.utilisation_percent = Integer::of(busy_percent);
  sample.temperature_c = Integer::of(core_c);
  sample.memory_temperature_c = Integer::of(memory_c);
  return sample;
}

std::vector<GpuSample> repeated(std::size_t times, const GpuSample& one) {
  return std::vector<GpuSample>(times, one);
}

std::vector<GpuSample> operator+(std::vector<GpuSample> first, const std::vector<GpuSample>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST(Summary, SteadyIsTheLastHalfOfTheTimeAtWork) {
  const auto samples = repeated(10, sample(76, 0)) + repeated(10, sample(400, 100)) +
                       repeated(15, sample(700, 100, 60, 75)) + repeated(500, sample(113, 0, 40, 40));
  const SeriesSummary summary = summarise(samples, 0.1);
  EXPECT_EQ(summary.power_steady_w.value, 700);
  EXPECT_EQ(summary.power_median_w.value, 113) << "of the whole step";
  EXPECT_EQ(summary.memory_over_core_steady_c.value, 15);
}

TEST(Summary, WhatWasHardlyAtWorkHasNoSteadyReading) {
  EXPECT_FALSE(summarise(repeated(19, sample(700, 100)), 0.1).power_steady_w.has_value());
  EXPECT_TRUE(summarise(repeated(20, sample(700, 100)), 0.1).power_steady_w.has_value());
}

TEST(Summary, ADriverThatDoesNotSayHowBusyAGpuIsSaysNothingOfPauses) {
  GpuSample silent = sample(500, 0);
  silent.utilisation_percent = Integer::none("not_supported");
  EXPECT_EQ(summarise(repeated(20, silent), 0.1).power_steady_w.value, 500);
}

TEST(Summary, ALinkIsAsItWasSeenBestAtWork) {
  const auto linked = [](std::int64_t width, std::int64_t busy_percent) {
    GpuSample one = sample(700, busy_percent);
    one.pcie_width = Integer::of(width);
    one.pcie_generation = Integer::of(5);
    return repeated(1, one);
  };
  const auto rest = linked(16, 0), narrow = linked(1, 100), work = linked(8, 100);
  const auto seen = rest + narrow + work + work + work + work;
  EXPECT_EQ(summarise(seen, 0.1).pcie_width.value, 8)
      << "what it was at rest says nothing, nor the first look";
  EXPECT_EQ(summarise(seen, 0.1).pcie_generation.value, 5);
  EXPECT_FALSE(summarise(rest + work + work, 0.1).pcie_width.has_value()) << "too few looks";
}

}  // namespace
}  // namespace assay::telemetry
