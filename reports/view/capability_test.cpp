#include "reports/view/capability.h"

#include <gtest/gtest.h>

#include "reports/testing/sample_run.h"

namespace assay::reports {
namespace {

/// A run in which two GPUs were measured, both named so.
samples::SampleRun measured(const std::string& name) {
  samples::SampleRun sample = samples::healthy_run();
  for (PlannedSlot& slot : sample.run.plan.slots) slot.name = name;
  sample.run.steps.clear();
  for (const auto& [part, rate] : {std::pair{"gpu0", 700.0}, std::pair{"gpu1", 720.0}}) {
    Step step;
    step.check = "compute.gemm";
    step.variant = "bf16";
    step.part = part;
    step.measurements.push_back({"rate", rate, "TFLOP/s", part, "check"});
    step.measurements.push_back({"products", 5.0, "1", part, "check"});
    sample.run.steps.push_back(step);
  }
  return sample;
}

TEST(Capability, IsTheRangeOfWhatWasMeasured) {
  const auto sample = measured("NVIDIA H200");
  const auto capability = capability_of(sample.input("en"));
  ASSERT_TRUE(capability);
  ASSERT_EQ(capability->rows.size(), 1u);
  EXPECT_EQ(capability->rows[0].what, "bf16");
  EXPECT_EQ(capability->rows[0].least, 700);
  EXPECT_EQ(capability->rows[0].most, 720);
}

TEST(Capability, OfAKnownProductHasItsFigures) {
  const auto sample = measured("NVIDIA H200");
  const auto capability = capability_of(sample.input("en"));
  ASSERT_TRUE(capability && capability->figures);
  EXPECT_EQ(capability->figures->total_processing_performance(), 15'832);
}

TEST(Capability, OfAnUnknownProductHasNone) {
  const auto sample = measured("NVIDIA B200");
  EXPECT_FALSE(capability_of(sample.input("en"))->figures);
}

TEST(Capability, OfGpusThatDisagreeSaysNoProduct) {
  auto sample = measured("NVIDIA H200");
  sample.run.plan.slots[3].name = "NVIDIA H20";
  const auto capability = capability_of(sample.input("en"));
  EXPECT_EQ(capability->product, "");
  EXPECT_FALSE(capability->figures);
}

TEST(Capability, WithoutAMeasurementThereIsNone) {
  auto sample = measured("NVIDIA H200");
  sample.run.steps.clear();
  EXPECT_FALSE(capability_of(sample.input("en")));
}

}  // namespace
}  // namespace assay::reports
