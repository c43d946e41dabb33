// The verdict as a whole: precedence, and the runs that can never be an acceptance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/model/judgement.h"
#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Error kCrash{"harness.worker_crashed", "the worker died", "", "signal 11"};

TEST(Judge, AcceptsAHealthyRun) {
  const Criteria criteria = sample_criteria();
  const Judgement judgement = judge(healthy_run(criteria), criteria);
  EXPECT_EQ(judgement.verdict, Verdict::accept);
  EXPECT_THAT(judgement.findings, IsEmpty());
  EXPECT_THAT(in_english(judgement.notes), IsEmpty());
  EXPECT_TRUE(judgement.simulated);
  ASSERT_EQ(judgement.checks.size(), 1u + 8 + 8 + 1 + 8);
  for (const CheckOutcome& outcome : judgement.checks) {
    EXPECT_EQ(outcome.status, Status::complete) << outcome.check << outcome.part;
    EXPECT_EQ(outcome.result, Result::pass) << outcome.check << outcome.part;
    EXPECT_EQ(outcome.attempts, 1);
  }
}

TEST(Judge, AnEmptyRunIsNeverAccepted) {
  EXPECT_EQ(judge({}, {}).verdict, Verdict::inconclusive);
  EXPECT_EQ(judge({}, sample_criteria()).verdict, Verdict::inconclusive);
  RunRecord closed;
  closed.closed = true;
  EXPECT_EQ(judge(closed, {}).verdict, Verdict::inconclusive);
}

TEST(Judge, CriteriaThatRequireNothingAcceptNothing) {
  Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.steps.clear();
  run.plan.stages.clear();
  criteria.required.clear();
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.findings, IsEmpty());
  criteria.required = {{"memory.sweep", {}, {}, {}, 1}};
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive);
}

TEST(Judge, CriteriaOfAnotherSkuOrProfileAcceptNothing) {
  const Criteria criteria = sample_criteria();
  Criteria other = criteria;
  other.sku = "h200-1gpu-bench";
  EXPECT_EQ(judge(healthy_run(criteria), other).verdict, Verdict::inconclusive);
  other = criteria;
  other.profile = "nightly";
  EXPECT_EQ(judge(healthy_run(criteria), other).verdict, Verdict::inconclusive);
}

TEST(Judge, AnOpenOrTornRunIsInconclusive) {
  const Criteria criteria = sample_criteria();
  RunRecord open = healthy_run(criteria);
  open.closed = false;
  EXPECT_EQ(judge(open, criteria).verdict, Verdict::inconclusive);
  EXPECT_THAT(in_english(judge(open, criteria).notes), Contains(HasSubstr("resume")));
  RunRecord torn = healthy_run(criteria);
  torn.torn = true;
  EXPECT_EQ(judge(torn, criteria).verdict, Verdict::inconclusive);
}

TEST(Judge, ARunThatIsDoubtedIsNoAcceptanceAndItsFaultsStand) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.doubts = {"SHA256SUMS is missing"};
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive);
  EXPECT_THAT(in_english(judge(run, criteria).notes), Contains("SHA256SUMS is missing"));
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "fell off the bus", "", ""});
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
}

TEST(Judge, ARunThatWasClosedWithAnotherJudgementIsNoAcceptance) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.criteria_hash = hash_of(criteria);
  run.judgement = RecordedJudgement{"ACCEPT", run.criteria_hash, "PASS", {}};
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);

  const auto expect_doubt = [&](const RecordedJudgement& recorded, const char* reason) {
    run.judgement = recorded;
    const Judgement judgement = judge(run, criteria);
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive) << reason;
    EXPECT_THAT(in_english(judgement.notes), Contains(HasSubstr(reason)));
  };
  expect_doubt({"REJECT", run.criteria_hash, "FAIL", {"fail memory.miscompare@gpu1/hbm"}},
               "closed with REJECT");
  expect_doubt({"ACCEPT", run.criteria_hash, "FAIL", {}}, "closed with ACCEPT (FAIL)");
  expect_doubt({"ACCEPT", run.criteria_hash, "PASS", {"marginal memory.slow@gpu1/hbm"}}, "other findings");

  Criteria other = criteria;
  limit_of(other, "copy_bandwidth", LimitKind::min).bound = 3800.0;
  EXPECT_EQ(judge(run, other).verdict, Verdict::accept) << "other criteria may conclude something else";
}

TEST(Judge, WhatWasDoubtedWhenTheRunWasClosedIsNoContradiction) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.criteria_hash = hash_of(criteria);
  run.doubts = {"the run contradicts itself"};
  run.judgement = RecordedJudgement{"INCONCLUSIVE", run.criteria_hash, "NOT_APPLICABLE", {}};
  EXPECT_THAT(in_english(judge(run, criteria).notes), testing::Not(Contains(HasSubstr("was closed with"))));
}

TEST(Judge, AFaultIsAFaultInAnOpenRunToo) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.closed = false;
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "fell off the bus", "", ""});
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
}

TEST(Judge, APartialRunIsInconclusiveAndDoesNotBlameWhatWasLeftOut) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.plan.partial = {"--gpus 0,1"};
  for (Stage& stage : run.plan.stages) {
    if (stage.placements.size() > 1) stage.placements.resize(2);  // gpu0, gpu1
  }
  for (int slot = 2; slot < kGpus; ++slot) {
    remove_step(run, "memory.sweep", Part::gpu(slot));
    remove_step(run, "memory.bandwidth", Part::gpu(slot));
  }
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.findings, IsEmpty());
  EXPECT_THAT(in_english(judgement.notes), Contains(HasSubstr("--gpus 0,1")));
  for (const CheckOutcome& outcome : judgement.checks) {
    if (outcome.check != "memory.sweep" || outcome.part != "gpu5") continue;
    EXPECT_EQ(outcome.status, Status::skip);
    EXPECT_EQ(outcome.result, Result::not_applicable);
  }
}

TEST(Judge, APartialRunExpectsOfItsRanksWhatTheyWorkOn) {
  Criteria criteria = sample_criteria();
  RequiredCheck& required = required_of(criteria, "collective.allreduce");
  required.measured_parts = required_of(criteria, "memory.sweep").parts;
  RunRecord run = healthy_run(criteria);
  run.plan.partial = {"--gpus 3"};
  Step& step = step_of(run, "collective.allreduce", "node");
  run.plan.stages[static_cast<std::size_t>(step.stage)].placements[0].participants = {{{"gpu3"}}};
  Measurement& measured = measurement_of(step, "bus_bandwidth", "node");
  measured.part = "gpu3";
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());
  measured.name = "something else";
  EXPECT_THAT(judge(run, criteria).findings, Contains(Field(&Finding::code, "harness.missing_measurement")));
}

/// Of what one worker with all GPUs finds between them.
TEST(Judge, APartialRunExpectsOfPairsThoseOfItsGpus) {
  Criteria criteria = sample_criteria();
  required_of(criteria, "collective.allreduce").measured_parts = {"gpu1-gpu3", "gpu3-gpu5"};
  RunRecord run = healthy_run(criteria);
  run.plan.partial = {"--gpus 1,3"};
  Step& step = step_of(run, "collective.allreduce", "node");
  run.plan.stages[static_cast<std::size_t>(step.stage)].placements[0].participants = {{{"gpu1", "gpu3"}}};
  Measurement& measured = measurement_of(step, "bus_bandwidth", "node");
  measured.part = "gpu1-gpu3";
  EXPECT_THAT(judge(run, criteria).findings, IsEmpty());
  measured.part = "gpu3-gpu5";
  EXPECT_THAT(judge(run, criteria).findings, Contains(Field(&Finding::code, "harness.missing_measurement")));
}

TEST(Judge, AStepOutsideOfThePlanIsNotWhatThePlanAskedFor) {
  const Criteria criteria = sample_criteria();
  for (const int stage : {99, -1, 2}) {
    RunRecord run = healthy_run(criteria);
    step_of(run, "memory.sweep", "gpu2").stage = stage;
    EXPECT_THAT(judge(run, criteria).findings, Contains(Field(&Finding::code, "harness.check_not_run")));
  }
}

TEST(Judge, APartialRunStillMissesWhatItPlanned) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  run.plan.partial = {"--only memory.*"};
  remove_step(run, "memory.sweep", "gpu2");
  const Judgement judgement = judge(run, criteria);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].code, "harness.check_not_run");
}

TEST(Judge, ABenchSkuPassesAndIsNotCertified) {
  Criteria criteria = sample_criteria();
  criteria.certifiable = false;
  const Judgement judgement = judge(healthy_run(criteria), criteria);
  EXPECT_EQ(judgement.verdict, Verdict::accept);
  EXPECT_THAT(in_english(judgement.notes), Contains(HasSubstr("cannot be certified")));
}

TEST(Judge, DeviceFaultBeatsCrash) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive);
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "ecc_uncorrected_dram_delta", "gpu3/hbm").value = 1.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_EQ(judgement.findings[0].code, "device.ecc_uncorrectable");
  EXPECT_EQ(judgement.findings[0].part, "gpu3/hbm");
  EXPECT_EQ(judgement.findings[0].serial, "1650gpu3");
  EXPECT_EQ(judgement.findings[0].slot, "slot gpu3");
}

TEST(Judge, CorruptionBeatsCrash) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value = 17.0;
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
}

TEST(Judge, ACrashAloneIsInconclusiveAndBeatsPerformance) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  set_bandwidth(run, 3, 3000);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
  fail_step(run, "memory.sweep", "gpu5", kCrash);
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_EQ(judgement.findings[0].code, "harness.worker_crashed");
  EXPECT_EQ(judgement.findings[0].part, "harness");
  EXPECT_EQ(judgement.findings[0].evidence[0].part, "gpu5");
  EXPECT_EQ(judgement.findings[1].code, "memory.slow");
}

TEST(Judge, JudgesTheSameRecordsAgainUnderOtherLimits) {
  const Criteria criteria = sample_criteria();
  const RunRecord run = healthy_run(criteria);
  Criteria strict = criteria;
  limit_of(strict, "bus_bandwidth", LimitKind::min).bound = 480.0;
  const Judgement judgement = judge(run, strict);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].code, "collective.slow");
  EXPECT_NE(judgement.criteria_hash, run.criteria_hash);
  EXPECT_THAT(in_english(judgement.notes), Contains(HasSubstr("other criteria")));
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
}

TEST(Judge, RemapPendingIsRejectedWithAReset) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  measurement_of(step_of(run, "memory.sweep", "gpu6"), "remap_pending", "gpu6/hbm").value = 1.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].actions, std::vector{Action::reset});
  EXPECT_EQ(judgement.findings[0].part, "gpu6/hbm");
}

TEST(Judge, SteadyStateNotReachedIsInconclusive) {
  Criteria criteria = sample_criteria();
  Limit& limit = limit_of(criteria, "bus_bandwidth", LimitKind::min);
  limit.finding = "harness.steady_state";
  RunRecord run = healthy_run(criteria);
  measurement_of(step_of(run, "collective.allreduce", "node"), "bus_bandwidth", "node").value = 1.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].part, "harness");
}

TEST(Judge, FillsTheTextsAndQuotesTheLimitWithItsSource) {
  const Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value = 17.0;
  const Finding finding = judge(run, criteria).findings.at(0);
  EXPECT_EQ(finding.summary.at("en"), "gpu3/hbm: 17, limit 0 (-)");
  EXPECT_EQ(finding.summary.at("zh-CN"), "gpu3/hbm：17");
  EXPECT_EQ(finding.next_step.at("en"), "Slot slot gpu3, serial 1650gpu3, after memory.sweep.");
  EXPECT_EQ(finding.evidence.at(0).source, "test figures, 2026-01-15");
  EXPECT_EQ(finding.evidence.at(0).step, "sim-01-memory.sweep-gpu3");
}

// Whatever single measurement or step a healthy run loses, it is no longer accepted.
TEST(JudgeProperty, RemovingAnyJudgedMeasurementNeverAccepts) {
  const Criteria criteria = sample_criteria();
  const RunRecord whole = healthy_run(criteria);
  for (std::size_t s = 0; s < whole.steps.size(); ++s) {
    for (std::size_t m = 0; m < whole.steps[s].measurements.size(); ++m) {
      const std::string& name = whole.steps[s].measurements[m].name;
      RunRecord run = whole;
      run.steps[s].measurements.erase(run.steps[s].measurements.begin() + static_cast<std::ptrdiff_t>(m));
      const Verdict expected =
          name == "name" ? Verdict::accept : Verdict::inconclusive;  // "name" is not judged
      EXPECT_EQ(judge(run, criteria).verdict, expected) << whole.steps[s].id << " " << name;
    }
  }
}

TEST(JudgeProperty, RemovingOrSpoilingAnyStepNeverAccepts) {
  const Criteria criteria = sample_criteria();
  const RunRecord whole = healthy_run(criteria);
  for (std::size_t s = 0; s < whole.steps.size(); ++s) {
    RunRecord run = whole;
    run.steps.erase(run.steps.begin() + static_cast<std::ptrdiff_t>(s));
    EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive) << whole.steps[s].id;
    for (const auto status : {Status::open, Status::error, Status::skip}) {
      run = whole;
      run.steps[s].status = status;
      EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive) << whole.steps[s].id;
    }
  }
}

TEST(JudgeProperty, RemovingAnyLimitNeverAccepts) {
  const Criteria whole = sample_criteria();
  for (std::size_t l = 0; l < whole.limits.size(); ++l) {
    Criteria criteria = whole;
    const std::string name = criteria.limits[l].measurement;
    criteria.limits.erase(criteria.limits.begin() + static_cast<std::ptrdiff_t>(l));
    const Verdict expected =
        name == "copy_bandwidth" ? Verdict::accept : Verdict::inconclusive;  // it has two
    EXPECT_EQ(judge(healthy_run(criteria), criteria).verdict, expected) << name;
  }
}

// Explaining orders what is shown. It must not turn a REJECT into anything better.
TEST(JudgeProperty, NoCatalogueOfExplanationsImprovesTheVerdict) {
  Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
  set_bandwidth(run, 3, 3000);
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value = 17.0;
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "inlet", "gpu3").value = 50.0;
  fail_step(run, "memory.sweep", "gpu3", kCrash);
  std::vector<FindingCode> codes;
  for (const FindingKind& kind : criteria.findings) codes.push_back(kind.code);
  for (FindingKind& kind : criteria.findings) kind.explained_by = codes;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].code, "memory.miscompare");
}

}  // namespace
}  // namespace assay::verdict
