#include "harness/telemetry/slowdowns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

using testing::ElementsAre;

GpuSample with_reasons(std::int64_t reasons) {
  GpuSample sample;
  sample.throttle_reasons = Integer::of(reasons);
  return sample;
}

TEST(Slowdowns, EachSampleStandsForItsPeriod) {
  const auto sampled = slowdowns_in({with_reasons(0x1), with_reasons(0x4), with_reasons(0x24)}, 0.5);
  EXPECT_EQ(sampled.seconds, 1.5);
  EXPECT_THAT(sampled.held_s, ElementsAre(0.5, 0, 0, 1));
}

TEST(Slowdowns, TheHardwaresOwnIsToldFromTheBrake) {
  EXPECT_THAT(slowdowns_in({with_reasons(0x48)}, 1).held_s, ElementsAre(0, 1, 0, 0)) << "heat";
  EXPECT_THAT(slowdowns_in({with_reasons(0x88)}, 1).held_s, ElementsAre(0, 0, 1, 0)) << "brake";
  EXPECT_THAT(slowdowns_in({with_reasons(0x08)}, 1).held_s, ElementsAre(0, 1, 0, 0)) << "it does not say";
  EXPECT_THAT(slowdowns_in({with_reasons(0xc8)}, 1).held_s, ElementsAre(0, 1, 1, 0)) << "both";
}

TEST(Slowdowns, SamplesWithoutReasonsSayNothing) {
  GpuSample sample;
  sample.throttle_reasons = Integer::none("not_supported");
  EXPECT_EQ(slowdowns_in({sample, sample}, 1).seconds, 0);
}

}  // namespace
}  // namespace assay::telemetry
