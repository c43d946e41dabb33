// The node's GPUs against one another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/model/finding_codes.h"
#include "harness/testing/stages.h"
#include "harness/verdict/judge_fixture.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using JudgePeers = JudgeFixture;

TEST_F(JudgePeers, AnOutlierAboveTheAbsoluteFloorIsMarginal) {
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 4400);
  set_bandwidth(run, 3, 4200);  // 0.97 of 4400 is 4268
  const Finding finding = only(Verdict::accept);
  EXPECT_EQ(finding.part, "gpu3/hbm");
  EXPECT_EQ(finding.severity, Severity::marginal);
  EXPECT_EQ(finding.evidence.at(0).relation, "peer_ratio");
  EXPECT_DOUBLE_EQ(std::get<double>(*finding.evidence.at(0).limit), 0.97 * 4400);
}

TEST_F(JudgePeers, AnOutlierWithoutAnAbsoluteLimitFails) {
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 4400);
  set_bandwidth(run, 3, 4200);
  auto& limits = criteria.limits;
  limits.erase(limits.begin() + 3);
  ASSERT_EQ(limits[3].kind, LimitKind::peer_ratio);
  EXPECT_EQ(only(Verdict::reject).severity, Severity::fail);
}

/// It stands in the evidence, beside its own limit.
TEST_F(JudgePeers, WhatAComparisonSaysOfItselfIsNotSaidOfTheAbsoluteLimit) {
  limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio).bound = 0.99;
  kind_of(criteria, "memory.slow").summary["en"] = "{value} is slow {culprit}.";
  run.criteria_hash = hash_of(criteria);
  bandwidth(3).value = 100.0;
  const Finding finding = only(Verdict::reject);
  ASSERT_EQ(finding.evidence.size(), 2u) << "the absolute limit, and the comparison";
  EXPECT_EQ(finding.summary.at("en"), "100 is slow.");
}

TEST_F(JudgePeers, BelowTheScaleFloorNobodyIsAnOutlier) {
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 4400);
  set_bandwidth(run, 3, 4200);
  limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio).scale_floor = 200;
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());
}

TEST_F(JudgePeers, WhatHasMoreThanTheOthersByTooMuchFails) {
  Limit& limit = limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio);
  limit.kind = LimitKind::peer_excess;
  limit.bound = 300.0;
  run.criteria_hash = hash_of(criteria);
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 4400 + 200 * (slot % 2));
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  set_bandwidth(run, 3, 4900);  // the others: three of 4600, four of 4400
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu3/hbm");
  EXPECT_EQ(finding.evidence.at(0).relation, "peer_excess");
  EXPECT_EQ(std::get<double>(*finding.evidence.at(0).limit), 4700);
}

TEST_F(JudgePeers, OfStepsThatAllBrokeOffNothingIsCompared) {
  Limit& limit = limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio);
  limit.per = "sm_clock_median";
  limit.during = "memory.bandwidth";
  for (Step& step : run.steps) {
    if (step.check == "memory.bandwidth") step.status = Status::error;
  }
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive);
}

TEST_F(JudgePeers, OfAnExcessTheSlotsAirIsTakenOut) {
  Limit& limit = limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio);
  limit.kind = LimitKind::peer_excess;
  limit.bound = 300.0;
  limit.less_air = true;
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, slot < 4 ? 4400 : 4800);
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject) << "nobody has said that the rear row is warmer";
  for (int slot = 4; slot < kGpus; ++slot) criteria.warmer_air_c[Part::gpu(slot)] = 400;
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  set_bandwidth(run, 2, 4750);  // as warm as the rear row, in front
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu2/hbm");
  EXPECT_EQ(std::get<double>(*finding.evidence.at(0).limit), 4700);
}

TEST_F(JudgePeers, PeersAreComparedAtTheSameReadingWhereALimitSaysSo) {
  limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio).per = "sm_clock_median";
  required_of(criteria, "telemetry").measures.push_back({"sm_clock_median", Unit::megahertz, "", false});
  const auto at_clock = [&](int slot, double mhz) {
    const Part gpu = Part::gpu(slot);
    Step& step = step_of(run, "memory.bandwidth", gpu);
    step.measurements.push_back({"sm_clock_median", mhz, "MHz", gpu, "telemetry"});
  };
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 4400);
  set_bandwidth(run, 3, 4200);
  for (int slot = 0; slot + 1 < kGpus; ++slot) at_clock(slot, slot == 3 ? 1890 : 1980);
  EXPECT_EQ(only(Verdict::accept).part, "gpu3/hbm") << "one has no reading: values are compared as they are";
  at_clock(kGpus - 1, 1980);
  for (Step& step : run.steps) {
    if (step.check != "memory.bandwidth" && step.part.path() == "gpu3")
      step.measurements.push_back(
          {"sm_clock_median", 1000.0, "MHz", Part::gpu(3), "telemetry"});  // at other work
  }
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty()) << "as fast as its peers would be at its clock";
  measurement_of(step_of(run, "memory.bandwidth", "gpu3"), "sm_clock_median", "gpu3").value = 1980.0;
  set_bandwidth(run, 5, 4390);
  measurement_of(step_of(run, "memory.bandwidth", "gpu5"), "sm_clock_median", "gpu5").value = 2100.0;
  const auto findings = judge(run, criteria).findings;
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].part, "gpu3/hbm");
  EXPECT_EQ(findings[1].part, "gpu5/hbm") << "it needs a higher clock for the same";
  EXPECT_THAT(findings[1].evidence.at(0).detail.english, HasSubstr("all at the same sm_clock_median: 4139"));
}

TEST_F(JudgePeers, TheMinorityDiffers) {
  measurement_of(step_of(run, "inventory.gpus", "node"), "vbios", "gpu6").value =
      std::string("96.00.00.00.00");
  kind_of(criteria, "inventory.vbios_differs").cls = FindingClass::device_fault;
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu6");
  EXPECT_EQ(std::get<std::string>(*finding.evidence.at(0).limit), "96.00.A5.00.01");
}

TEST_F(JudgePeers, WithoutAMajorityItIsTheNode) {
  for (int slot = 0; slot < 4; ++slot) {
    measurement_of(step_of(run, "inventory.gpus", "node"), "vbios", Part::gpu(slot)).value =
        std::string("other");
  }
  kind_of(criteria, "inventory.vbios_differs").cls = FindingClass::device_fault;
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "node");
  EXPECT_THAT(finding.evidence.at(0).detail.english, HasSubstr("gpu0 other"));
}

}  // namespace
}  // namespace assay::verdict
