// What the records must hold: absence, odd values, limits and attempts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "harness/model/finding_codes.h"
#include "harness/testing/stages.h"
#include "harness/verdict/judge_fixture.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using JudgeRecords = JudgeFixture;

TEST_F(JudgeRecords, ACheckThatRanTooRarely) {
  required_of(criteria, "memory.sweep").occurrences = 2;
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.check_not_run");
  EXPECT_EQ(finding.part, "harness");
  EXPECT_EQ(finding.evidence.size(), 8u);
  EXPECT_EQ(finding.evidence[3].part, "gpu3");
  EXPECT_THAT(finding.evidence[0].detail.english, HasSubstr("1 of 2"));
  EXPECT_EQ(outcome("memory.sweep", "gpu3").status, Status::error);
}

TEST_F(JudgeRecords, AnotherAttemptIsNotAnotherOccurrence) {
  required_of(criteria, "memory.sweep").occurrences = 2;
  for (int slot = 0; slot < kGpus; ++slot) repeat(run, "memory.sweep", Part::gpu(slot), 2);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.check_not_run");
}

TEST_F(JudgeRecords, APlannedStageMustRunEvenIfTheCriteriaAskForFewer) {
  run.plan.stages.push_back(gpu_stage(4, "memory.sweep", {"gpu2"}));
  EXPECT_EQ(only(Verdict::inconclusive).evidence.at(0).part, "gpu2");
}

TEST_F(JudgeRecords, AMissingMeasurementOfANodeCheckNamesTheSlot) {
  auto& measurements = step_of(run, "inventory.gpus", "node").measurements;
  measurements.erase(measurements.begin() + 3);  // gpu1's "present"
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.missing_measurement");
  EXPECT_EQ(finding.evidence.at(0).part, "gpu1");
  EXPECT_EQ(finding.evidence.at(0).measurement, "present");
  const CheckOutcome inventory = outcome("inventory.gpus", "node");
  EXPECT_EQ(inventory.status, Status::error);
  EXPECT_EQ(inventory.result, Result::not_applicable);
}

TEST_F(JudgeRecords, AMeasurementOnTheWrongPartDoesNotCount) {
  bandwidth(3).part = "gpu3";
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_EQ(judgement.findings[0].code, "harness.missing_measurement");
  EXPECT_EQ(judgement.findings[1].code, "harness.undeclared_measurement");
}

TEST_F(JudgeRecords, NotFinite) {
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    bandwidth(3).value = value;
    EXPECT_EQ(only(Verdict::inconclusive).code, "harness.not_finite");
  }
  bandwidth(3).value = std::string("fast");
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.not_finite");
  EXPECT_THAT(finding.evidence.at(0).detail.english, HasSubstr("fast"));
}

TEST_F(JudgeRecords, AWrongUnitIsNotHeldAgainstTheLimit) {
  bandwidth(3).value = 4.1;
  bandwidth(3).unit = "TB/s";
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.wrong_unit");
}

TEST_F(JudgeRecords, NoLimit) {
  required_of(criteria, "memory.sweep").measures.push_back({"passes", Unit::count, "", true});
  for (int slot = 0; slot < kGpus; ++slot) {
    step_of(run, "memory.sweep", Part::gpu(slot))
        .measurements.push_back({"passes", 1.0, "1", Part::gpu(slot), "check"});
  }
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.no_limit");
  EXPECT_EQ(finding.evidence.size(), 1u);
  EXPECT_EQ(outcome("memory.sweep", "gpu0").status, Status::error);
}

TEST_F(JudgeRecords, ALimitInAnotherUnitIsNone) {
  limit_of(criteria, "bus_bandwidth", LimitKind::min).unit = Unit::mebibytes;
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.no_limit");
}

TEST_F(JudgeRecords, APeerLimitDoesNotJudgeALoneGpu) {
  criteria = sample_criteria(1);
  run = healthy_run(criteria, 1);
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.no_limit");
  EXPECT_EQ(finding.evidence.at(0).measurement, "vbios");
}

TEST_F(JudgeRecords, Undeclared) {
  step_of(run, "memory.sweep", "gpu3").measurements.push_back({"surprise", 1.0, "1", "gpu3", "check"});
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.undeclared_measurement");
  EXPECT_EQ(finding.evidence.at(0).part, "gpu3");
}

TEST_F(JudgeRecords, AMeasurementThatIsNotJudgedMayBeAnythingOrAbsent) {
  measurement_of(step_of(run, "inventory.gpus", "node"), "name", "gpu3").value =
      std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
}

TEST_F(JudgeRecords, LostTelemetryIsOneFinding) {
  for (Step& step : run.steps) {
    auto& all = step.measurements;
    all.erase(std::remove_if(all.begin(), all.end(), [](const auto& m) { return m.source == "telemetry"; }),
              all.end());
  }
  run.errors.push_back({"harness.telemetry_lost", "the sampler died", "", "signal 9"});
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.telemetry_lost");
  EXPECT_EQ(finding.part, "harness");
  EXPECT_EQ(outcome("telemetry", "gpu3").status, Status::skip);
  EXPECT_EQ(outcome("memory.sweep", "gpu3").result, Result::pass);
}

TEST_F(JudgeRecords, ALastLookThatIsMissingIsNoticed) {
  remove_step(run, "telemetry", "gpu3");
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.check_not_run");
  EXPECT_EQ(finding.check, "telemetry");
  EXPECT_EQ(finding.evidence.at(0).part, "gpu3");
  EXPECT_EQ(outcome("telemetry", "gpu3").status, Status::error);
}

TEST_F(JudgeRecords, ALastLookThatSawNothingIsNoticed) {
  step_of(run, "telemetry", "gpu3").measurements.clear();
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.telemetry_lost");
}

TEST_F(JudgeRecords, TelemetryOfACollectiveIsRequiredOfEachRank) {
  auto& all = step_of(run, "collective.allreduce", "node").measurements;
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto& m) { return m.part == "gpu4/hbm"; }),
            all.end());
  const Finding finding = only(Verdict::inconclusive);
  ASSERT_EQ(finding.evidence.size(), 1u);
  EXPECT_EQ(finding.evidence[0].part, "gpu4");
  EXPECT_THAT(finding.evidence[0].detail.english, HasSubstr("ecc_uncorrected_dram_delta, remap_pending"));
}

TEST_F(JudgeRecords, MinimumWithItsMarginalBand) {
  limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio).bound = 0.5;
  const struct {
    double value;
    Verdict verdict;
    bool found;
  } cases[]{{3899.9, Verdict::reject, true},
            {3900, Verdict::accept, true},
            {3999.9, Verdict::accept, true},
            {4000, Verdict::accept, false}};
  for (const auto& c : cases) {
    set_bandwidth(run, 3, c.value);
    const Judgement judgement = judge(run, criteria);
    EXPECT_EQ(judgement.verdict, c.verdict) << c.value;
    EXPECT_EQ(!judgement.findings.empty(), c.found) << c.value;
  }
}

TEST_F(JudgeRecords, MaximumWithItsMarginalBand) {
  limit_of(criteria, "inlet", LimitKind::max).marginal_bound = 30;
  auto& inlet = measurement_of(step_of(run, "memory.sweep", "gpu3"), "inlet", "gpu3");
  inlet.value = 35.5;
  EXPECT_EQ(only(Verdict::inconclusive).part, "environment");
  inlet.value = 35.0;
  EXPECT_EQ(only(Verdict::accept).severity, Severity::marginal);
  inlet.value = 30.0;
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());
}

TEST_F(JudgeRecords, MarginalIsAcceptedAndListed) {
  set_bandwidth(run, 3, 3990);
  const Finding finding = only(Verdict::accept);
  EXPECT_EQ(finding.code, "memory.slow");
  EXPECT_EQ(finding.severity, Severity::marginal);
  EXPECT_EQ(std::get<double>(*finding.evidence.at(0).limit), 4000);
  EXPECT_EQ(outcome("memory.bandwidth", "gpu3").result, Result::pass);
}

TEST_F(JudgeRecords, TheMedianOfRepeatsIsJudged) {
  set_bandwidth(run, 3, 3990);
  for (int attempt = 2; attempt <= 4; ++attempt) repeat(run, "memory.bandwidth", "gpu3", attempt);
  set_bandwidth(run, 3, 4100, 2);
  set_bandwidth(run, 3, 4110, 3);
  set_bandwidth(run, 3, 3000, 4);
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());  // 3000, 3990, 4100, 4110: median 4045
  EXPECT_EQ(outcome("memory.bandwidth", "gpu3").attempts, 4);
  set_bandwidth(run, 3, 3800, 2);
  set_bandwidth(run, 3, 3800, 3);
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(std::get<double>(*finding.evidence.at(0).value), 3800);
  EXPECT_THAT(finding.evidence.at(0).detail.english, HasSubstr("median of 4 measurements"));
}

TEST_F(JudgeRecords, AFailInTheFirstAttemptStands) {
  set_bandwidth(run, 3, 3000);
  for (int attempt = 2; attempt <= 4; ++attempt) {
    repeat(run, "memory.bandwidth", "gpu3", attempt);
    set_bandwidth(run, 3, 4100, attempt);
  }
  EXPECT_EQ(only(Verdict::reject).severity, Severity::fail);
}

TEST_F(JudgeRecords, AnInterruptedAttemptCountsOnceInTheMedianAndTheWorseOfItsValues) {
  set_bandwidth(run, 3, 3990);
  for (int attempt = 2; attempt <= 5; ++attempt) {
    repeat(run, "memory.bandwidth", "gpu3", attempt);
    set_bandwidth(run, 3, attempt == 2 ? 3850 : attempt == 3 ? 4100 : 4000 + attempt, attempt);
  }
  fail_step(run, "memory.bandwidth", "gpu3", {codes::interrupted, "", "", ""}, 2);
  const Finding finding = only(Verdict::accept);  // 3990, 3850 (4100 made up for it), 4004, 4005
  EXPECT_EQ(std::get<double>(*finding.evidence.at(0).value), (3990 + 4004) / 2.0);
}

TEST_F(JudgeRecords, AFailOfAFirstAttemptThatWasInterruptedStands) {
  set_bandwidth(run, 3, 3000);
  fail_step(run, "memory.bandwidth", "gpu3", {codes::interrupted, "", "", ""});
  repeat(run, "memory.bandwidth", "gpu3", 2);
  set_bandwidth(run, 3, 4100, 2);
  EXPECT_EQ(only(Verdict::reject).severity, Severity::fail);
}

TEST_F(JudgeRecords, CorruptionInAnyAttemptStandsAlsoFromAStepThatDied) {
  repeat(run, "memory.sweep", "gpu3", 2);
  auto& second = repeat(run, "memory.sweep", "gpu3", 3);
  measurement_of(second, "bad_words", "gpu3/hbm").value = 1.0;
  second.status = Status::open;
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "memory.miscompare");
  EXPECT_EQ(finding.part, "gpu3/hbm");
  EXPECT_EQ(finding.evidence.at(0).step, "sim-01-memory.sweep-gpu3-a3");
}

TEST_F(JudgeRecords, EvidenceOfOneCodeAndPartIsOneFinding) {
  for (const char* check : {"memory.sweep", "memory.bandwidth"}) {
    measurement_of(step_of(run, check, "gpu3"), "ecc_uncorrected_dram_delta", "gpu3/hbm").value = 2.0;
  }
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.evidence.size(), 2u);
  EXPECT_EQ(outcome("telemetry", "gpu3").result, Result::fail);
  EXPECT_EQ(outcome("telemetry", "gpu2").result, Result::pass);
  EXPECT_EQ(outcome("memory.sweep", "gpu3").result, Result::pass);
}

TEST_F(JudgeRecords, AFlagIsHeldAgainstANumber) {
  auto& present = measurement_of(step_of(run, "inventory.gpus", "node"), "present", "gpu3");
  present.value = true;
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  present.value = false;
  EXPECT_EQ(only(Verdict::reject).code, "inventory.gpu_missing");
  EXPECT_EQ(outcome("inventory.gpus", "node").result, Result::fail);
}

TEST_F(JudgeRecords, TheWorstEvidenceDecidesAndIsQuotedWhateverItsOrder) {
  limit_of(criteria, "copy_bandwidth", LimitKind::peer_ratio).bound = 0.5;
  run.plan.stages.push_back(gpu_stage(4, "memory.bandwidth", {"gpu3"}));
  Step second = step_of(run, "memory.bandwidth", "gpu3");
  second.stage = 4;
  second.id = "sim-04-memory.bandwidth-gpu3";
  run.steps.push_back(second);
  for (const bool first_is_worse : {true, false}) {
    set_bandwidth(run, 3, first_is_worse ? 3000 : 3990);
    measurement_of(run.steps.back(), "copy_bandwidth", "gpu3/hbm").value = first_is_worse ? 3990.0 : 3000.0;
    const Finding finding = only(Verdict::reject);
    EXPECT_EQ(finding.severity, Severity::fail);
    EXPECT_EQ(std::get<double>(*finding.evidence.at(0).value), 3000);
    EXPECT_EQ(finding.evidence.size(), 2u);
  }
}

/// It was left out, or never came to run: then its limits are those of all of its variants.
TEST_F(JudgeRecords, OfACheckThatWasNotRunALimitOfAnyVariantIsOne) {
  const auto lacks_limit = [&] {
    const auto findings = judge(run, criteria).findings;
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.code == "harness.no_limit"; });
  };
  for (Limit& limit : criteria.limits) {
    if (limit.measurement == "copy_bandwidth") limit.variant = "other";
  }
  EXPECT_TRUE(lacks_limit()) << "it was run as another";
  for (int slot = 0; slot < kGpus; ++slot) remove_step(run, "memory.bandwidth", Part::gpu(slot));
  EXPECT_FALSE(lacks_limit());
  criteria.limits.erase(
      std::remove_if(criteria.limits.begin(), criteria.limits.end(),
                     [](const Limit& limit) { return limit.measurement == "copy_bandwidth"; }),
      criteria.limits.end());
  EXPECT_TRUE(lacks_limit());
}

TEST_F(JudgeRecords, ALimitOfAVariantHoldsForThatOneAlone) {
  Limit limit = limit_of(criteria, "copy_bandwidth", LimitKind::min);
  limit.bound = 4600.0;
  limit.marginal_bound.reset();
  limit.variant = "other";
  criteria.limits.push_back(limit);
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());
  for (Step& step : run.steps) {
    if (step.check == "memory.bandwidth" && step.part == "gpu2") step.variant = "other";
  }
  const auto findings = judge(run, criteria).findings;
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.code == "memory.slow" && finding.part == "gpu2/hbm";
  }));
}

/// Three ranks on gpu0, whose values are the GPU's: one each is owed, and each is held against the limit.
TEST_F(JudgeRecords, OfRanksThatShareAGpuEachOwesItsValueAndEachIsJudged) {
  RequiredCheck& required = required_of(criteria, "collective.allreduce");
  required.measures.push_back({"wrong", Unit::count, "", true});
  required.measured_parts = {"gpu0"};
  Limit limit = limit_of(criteria, "bad_words", LimitKind::equal);
  limit.check = "collective.allreduce";
  limit.measurement = "wrong";
  criteria.limits.push_back(limit);
  for (Stage& stage : run.plan.stages) {
    for (Placement& placement : stage.placements) {
      if (placement.bodies.front().check == "collective.allreduce")
        placement.participants = {{{"gpu0"}}, {{"gpu0"}}, {{"gpu0"}}};
    }
  }
  run.criteria_hash = hash_of(criteria);
  Step& step = step_of(run, "collective.allreduce", "node");
  Measurement value = step.measurements.front();
  value.name = "wrong";
  value.part = "gpu0";
  value.unit = "1";
  value.value = 0.0;
  const std::size_t before = step.measurements.size();
  step.measurements.insert(step.measurements.end(), 2, value);
  const auto missing = [&] {
    std::vector<std::string> details;
    for (const Finding& finding : judge(run, criteria).findings) {
      for (const EvidenceItem& item : finding.evidence) {
        if (item.measurement == "wrong") details.push_back(item.detail.english);
      }
    }
    return details;
  };
  EXPECT_THAT(missing(), ::testing::ElementsAre("wrong of gpu0 was measured by 2 of 3 ranks"));
  step.measurements.push_back(value);
  EXPECT_THAT(missing(), IsEmpty());
  step.measurements[before + 1].value = 7.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_FALSE(judgement.findings.empty());
  EXPECT_EQ(judgement.findings[0].evidence.at(0).part.unit(), "gpu0");
  EXPECT_THAT(in_english(judgement.notes),
              ::testing::Contains(HasSubstr("functional only: 3 NCCL ranks share one GPU")));
}

TEST(JudgeNotes, AWarningThatComesAgainIsNotedOnceAndCounted) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.warnings.assign(50, "SXid 11004: egress");
  run.warnings.push_back("SXid 12028: traffic may stall");
  const auto notes = in_english(judge(run, criteria).notes);
  EXPECT_THAT(notes, ::testing::Contains("noted 50 times: SXid 11004: egress"));
  EXPECT_THAT(notes, ::testing::Contains("noted: SXid 12028: traffic may stall"));
}

}  // namespace
}  // namespace assay::verdict
