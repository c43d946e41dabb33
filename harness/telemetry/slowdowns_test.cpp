#include "harness/telemetry/slowdowns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

using testing::Each;
using testing::ElementsAre;

GpuSample with_reasons(std::int64_t reasons) {
  GpuSample sample;
  sample.throttle_reasons = Integer::of(reasons);
  return sample;
}

std::array<double, kSlowdowns> held_under(std::int64_t reasons, std::size_t samples = 4) {
  return slowdowns_in(std::vector<GpuSample>(samples, with_reasons(reasons)), 0.5).held_s;
}

TEST(Slowdowns, EachSampleStandsForItsPeriod) {
  EXPECT_THAT(held_under(0x24), ElementsAre(2, 0, 0, 2, 0));
  EXPECT_THAT(held_under(0x01), Each(0)) << "idle";
}

TEST(Slowdowns, TheHardwaresOwnAreToldApart) {
  EXPECT_THAT(held_under(0x48), ElementsAre(0, 2, 0, 0, 0)) << "heat";
  EXPECT_THAT(held_under(0x88), ElementsAre(0, 0, 2, 0, 0)) << "brake";
  EXPECT_THAT(held_under(0x08), ElementsAre(0, 0, 0, 0, 2)) << "it does not say";
  EXPECT_THAT(held_under(0xc8), ElementsAre(0, 2, 2, 0, 0)) << "both";
}

TEST(Slowdowns, OneSampleOrAMomentOfThemIsNoWitness) {
  const auto held = [](std::size_t samples, double period_s) {
    return slowdowns_in(std::vector<GpuSample>(samples, with_reasons(0x48)), period_s).held_s[1];
  };
  EXPECT_EQ(held(1, 1), 0);
  EXPECT_EQ(held(2, 1), 2);
  EXPECT_EQ(held(2, 0.1), 0);
  EXPECT_NEAR(held(3, 0.1), 0.3, 1e-9);
  EXPECT_EQ(held(20, 0.01), 0);
}

TEST(Slowdowns, SamplesWithoutReasonsSayNothing) {
  GpuSample sample;
  sample.throttle_reasons = Integer::none("not_supported");
  EXPECT_EQ(slowdowns_in({sample, sample}, 1).sampled_s, 0);
  EXPECT_EQ(slowdowns_in({sample, with_reasons(0)}, 1).sampled_s, 1);
}

}  // namespace
}  // namespace assay::telemetry
