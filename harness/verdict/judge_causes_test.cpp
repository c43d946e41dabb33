// Errors, hangs, explanations, the environment and waivers.
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

const Error kTimeout{"harness.step_timeout", "no answer within 120 s", "", "timeout"};
const Error kCrash{"harness.worker_crashed", "the worker died", "", "signal 11"};

class JudgeCauses : public ::testing::Test {
 protected:
  Judgement judged() { return judge(run, criteria); }
  Finding only(Verdict verdict) {
    const Judgement judgement = judged();
    EXPECT_EQ(judgement.verdict, verdict);
    EXPECT_EQ(judgement.findings.size(), 1u) << to_json(judgement).dump(1);
    return judgement.findings.empty() ? Finding{} : judgement.findings[0];
  }
  /// Fails gpu3's bandwidth, and with it nothing else.
  void slow_gpu3() { set_bandwidth(run, 3, 3000); }
  void waive(const std::string& code, const Part& part, const std::string& expires = "2026-12-31") {
    criteria.waivers.push_back({code, part, "", "known batch", "R. Assayer", expires});
  }

  Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
};

TEST_F(JudgeCauses, ACrashExplainsWhatDidNotRun) {
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "harness.worker_crashed");
  EXPECT_EQ(finding.part, "harness");
  EXPECT_EQ(finding.serial, "");
  EXPECT_EQ(finding.evidence.at(0).step, "sim-02-memory.bandwidth-gpu5");
  EXPECT_THAT(finding.evidence.at(0).detail.english, HasSubstr("signal 11"));
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::code, "harness.check_not_run")));
}

TEST_F(JudgeCauses, ACrashDoesNotExplainWhatAnotherCheckLacks) {
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  remove_step(run, "memory.sweep", "gpu5");
  const Judgement judgement = judged();
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_EQ(judgement.findings[0].code, "harness.check_not_run");
  EXPECT_EQ(judgement.findings[0].check, "memory.sweep");
}

TEST_F(JudgeCauses, ACrashStandsWhenTheStepIsRepeated) {
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  repeat(run, "memory.bandwidth", "gpu5", 2);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.worker_crashed");
}

TEST_F(JudgeCauses, AnInterruptionIsMendedByALaterAttempt) {
  Step& step = fail_step(run, "memory.bandwidth", "gpu5", {"harness.interrupted", "resumed", "", ""});
  const auto measurements = step.measurements;
  repeat(run, "memory.bandwidth", "gpu5", 2);
  step_of(run, "memory.bandwidth", "gpu5").measurements.clear();
  run.errors.push_back({"harness.interrupted", "killed", "", ""});
  const Judgement judgement = judged();
  EXPECT_EQ(judgement.verdict, Verdict::accept);
  EXPECT_THAT(in_english(judgement.notes),
              Contains(HasSubstr("sim-02-memory.bandwidth-gpu5 was interrupted")));
}

TEST_F(JudgeCauses, AnInterruptionThatWasNotMendedStands) {
  fail_step(run, "memory.bandwidth", "gpu5", {"harness.interrupted", "resumed", "", ""});
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.interrupted");
}

TEST_F(JudgeCauses, FailingEvidenceOfAnInterruptedStepStands) {
  Step& step = fail_step(run, "memory.sweep", "gpu5", {"harness.interrupted", "resumed", "", ""});
  const std::size_t index = static_cast<std::size_t>(&step - run.steps.data());
  repeat(run, "memory.sweep", "gpu5", 2);
  measurement_of(run.steps[index], "bad_words", "gpu5/hbm").value = 3.0;
  EXPECT_EQ(only(Verdict::reject).code, "memory.miscompare");
}

TEST_F(JudgeCauses, ADeviceErrorNamesItsPart) {
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "Xid 79", "", ""});
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu3");
  EXPECT_EQ(finding.actions, std::vector{Action::return_part});
  EXPECT_EQ(judged().checks.at(4).part, "gpu3");
  EXPECT_EQ(judged().checks.at(4).status, Status::error);
  EXPECT_EQ(judged().checks.at(4).result, Result::not_applicable);
}

TEST_F(JudgeCauses, AnErrorOfACollectiveNamesTheRanksGpu) {
  fail_step(run, "collective.allreduce", "node", {"device.lost", "rank 3 is gone", "gpu3", ""});
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu3");
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::check, "collective.allreduce")));
}

TEST_F(JudgeCauses, AMemoryErrorBelongsToTheHbm) {
  fail_step(run, "memory.sweep", "gpu3", {"memory.miscompare", "bad data", "", ""});
  EXPECT_EQ(only(Verdict::reject).part, "gpu3/hbm");
}

TEST_F(JudgeCauses, AnErrorInACompletedStepIsAFailOfItsCheck) {
  step_of(run, "memory.sweep", "gpu3").errors.push_back({"device.lost", "Xid 79", "", ""});
  EXPECT_EQ(only(Verdict::reject).part, "gpu3");
  EXPECT_EQ(judged().checks.at(4).result, Result::fail);
}

TEST_F(JudgeCauses, AnUnknownSymptomAccusesNobodyAndAcceptsNothing) {
  step_of(run, "memory.sweep", "gpu3").errors.push_back({"future.code", "something new", "", ""});
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.part, "harness");
  EXPECT_THAT(finding.summary.at("en"), HasSubstr("something new"));
}

TEST_F(JudgeCauses, ALostGpuExplainsAllThatFollows) {
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "Xid 79", "", ""});
  remove_step(run, "memory.bandwidth", "gpu3");
  fail_step(run, "collective.allreduce", "node", kTimeout);
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "device.lost");
  EXPECT_EQ(finding.consequences.size(),
            4u);  // not run: sweep, bandwidth, allreduce; and allreduce's timeout
}

TEST_F(JudgeCauses, AbsenceIsSplitBetweenTheExplainedAndTheRest) {
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "Xid 79", "", ""});
  remove_step(run, "memory.bandwidth", "gpu3");
  remove_step(run, "memory.bandwidth", "gpu5");
  const Judgement judgement = judged();
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_EQ(judgement.findings[0].code, "device.lost");
  EXPECT_EQ(judgement.findings[1].code, "harness.check_not_run");
  ASSERT_EQ(judgement.findings[1].evidence.size(), 1u);
  EXPECT_EQ(judgement.findings[1].evidence[0].part, "gpu5");
}

TEST_F(JudgeCauses, ChainsEndAtTheirRoot) {
  measurement_of(step_of(run, "inventory.gpus", "node"), "present", "gpu3").value = 0.0;
  fail_step(run, "memory.sweep", "gpu3", {"device.lost", "no device", "", ""});
  fail_step(run, "memory.bandwidth", "gpu3", kCrash);
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "inventory.gpu_missing");
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::code, "device.lost")));
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::code, "harness.worker_crashed")));
}

TEST_F(JudgeCauses, FindingsThatNameEachOtherDoNotBothVanish) {
  kind_of(criteria, "device.lost").explained_by = {"device.hung"};
  kind_of(criteria, "device.hung").explained_by = {"device.lost"};
  step_of(run, "memory.sweep", "gpu3").errors = {{"device.lost", "", "", ""}, {"device.hung", "", "", ""}};
  EXPECT_EQ(only(Verdict::reject).consequences.size(), 1u);
}

TEST_F(JudgeCauses, AnotherGpusFaultExplainsNothing) {
  step_of(run, "memory.sweep", "gpu3").errors = {{"device.lost", "Xid 79", "", ""}};
  fail_step(run, "memory.bandwidth", "gpu5", kCrash);
  EXPECT_EQ(judged().findings.size(), 2u);
}

TEST_F(JudgeCauses, ASlowGpuExplainsASlowCollective) {
  slow_gpu3();
  measurement_of(step_of(run, "collective.allreduce", "node"), "bus_bandwidth", "node").value = 200.0;
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "memory.slow");
  ASSERT_EQ(finding.consequences.size(), 1u);
  EXPECT_THAT(finding.consequences[0].detail.english, HasSubstr("bus_bandwidth = 200 GB/s (min 400)"));
}

TEST_F(JudgeCauses, OneHangIsInconclusive) {
  fail_step(run, "memory.sweep", "gpu3", kTimeout);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.step_timeout");
}

TEST_F(JudgeCauses, TwoHangsOnOneGpuAreTheGpus) {
  fail_step(run, "memory.sweep", "gpu3", kTimeout);
  fail_step(run, "memory.bandwidth", "gpu3", kTimeout);
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "device.hung");
  EXPECT_EQ(finding.part, "gpu3");
  EXPECT_EQ(finding.evidence.size(), 2u);
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::code, "harness.step_timeout")));
}

TEST_F(JudgeCauses, BodiesThatOverlapHangTogetherAndThatIsOneHang) {
  fail_step(run, "memory.sweep", "gpu3", kTimeout);
  fail_step(run, "memory.bandwidth", "gpu3", kTimeout);
  step_of(run, "memory.bandwidth", "gpu3").stage = step_of(run, "memory.sweep", "gpu3").stage;
  EXPECT_THAT(judge(run, criteria).findings, testing::Not(Contains(Field(&Finding::code, "device.hung"))));
}

TEST_F(JudgeCauses, TwoAttemptsThatHangAreTwoHangs) {
  fail_step(run, "memory.sweep", "gpu3", kTimeout);
  repeat(run, "memory.sweep", "gpu3", 2);
  fail_step(run, "memory.sweep", "gpu3", kTimeout, 2);
  EXPECT_EQ(only(Verdict::reject).code, "device.hung");
}

TEST_F(JudgeCauses, HangsOfEverybodyAccuseNobody) {
  for (int slot = 0; slot < kGpus; ++slot) {
    fail_step(run, "memory.sweep", Part::gpu(slot), kTimeout);
    fail_step(run, "memory.bandwidth", Part::gpu(slot), kTimeout);
  }
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.step_timeout");
}

TEST_F(JudgeCauses, HangsOfTwoGpusAreNotTwoHangsOfOne) {
  fail_step(run, "memory.sweep", "gpu3", kTimeout);
  fail_step(run, "memory.bandwidth", "gpu4", kTimeout);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.step_timeout");
}

TEST_F(JudgeCauses, ARankThatTwiceNeverCameIsItsGpus) {
  const Error missing{"harness.rank_missing", "no answer within 120 s", "gpu2", "killed by signal 9"};
  fail_step(run, "collective.allreduce", "node", missing);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.rank_missing");
  repeat(run, "collective.allreduce", "node", 2);
  fail_step(run, "collective.allreduce", "node", missing, 2);
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.code, "device.hung");
  EXPECT_EQ(finding.part, "gpu2");
  EXPECT_THAT(finding.consequences, Contains(Field(&Consequence::code, "harness.rank_missing")));
}

TEST_F(JudgeCauses, ARankThatTwiceEndedTooEarlyDidNotHang) {
  const Error gone{"harness.rank_missing", "it ended while the others waited for it", "gpu2", ""};
  fail_step(run, "collective.allreduce", "node", gone);
  repeat(run, "collective.allreduce", "node", 2);
  fail_step(run, "collective.allreduce", "node", gone, 2);
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.rank_missing");
}

TEST_F(JudgeCauses, TheEnvironmentExcusesPerformance) {
  slow_gpu3();
  measurement_of(step_of(run, "memory.bandwidth", "gpu3"), "inlet", "gpu3").value = 45.0;
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "environment.hot_inlet");
  EXPECT_EQ(finding.part, "environment");
  EXPECT_EQ(finding.evidence.at(0).part, "gpu3");
  ASSERT_EQ(finding.consequences.size(), 1u);
  EXPECT_EQ(finding.consequences[0].code, "memory.slow");
  EXPECT_EQ(finding.consequences[0].part, "gpu3/hbm");
}

TEST_F(JudgeCauses, TheEnvironmentOfOneGpuDoesNotExcuseAnother) {
  slow_gpu3();
  measurement_of(step_of(run, "memory.bandwidth", "gpu4"), "inlet", "gpu4").value = 45.0;
  EXPECT_EQ(judged().verdict, Verdict::inconclusive);
  EXPECT_EQ(judged().findings.size(), 2u);
}

TEST_F(JudgeCauses, TheEnvironmentOfTheNodeExcusesAll) {
  slow_gpu3();
  run.errors.push_back({"environment.hot_inlet", "45 degC", "environment", ""});
  EXPECT_EQ(only(Verdict::inconclusive).code, "environment.hot_inlet");
}

TEST_F(JudgeCauses, TheEnvironmentNeverExcusesCorruptionOrFaults) {
  run.errors.push_back({"environment.hot_inlet", "45 degC", "environment", ""});
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value = 1.0;
  step_of(run, "memory.sweep", "gpu4").errors = {{"device.lost", "Xid 79", "", ""}};
  kind_of(criteria, "memory.miscompare").explained_by = {"environment.hot_inlet"};
  const Judgement judgement = judged();
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  EXPECT_EQ(judgement.findings.size(), 3u);
}

TEST_F(JudgeCauses, TheEnvironmentNeverExcusesWhatAPartIs) {
  step_of(run, "inventory.gpus", "node").errors = {{"pcie.width", "x8", "gpu3", ""}};
  for (const char* place : {"gpu3", "gpu5", "environment"}) {
    run.errors = {{"environment.hot_inlet", "45 degC", place, ""}};
    kind_of(criteria, "pcie.width").explained_by = {"environment.hot_inlet"};
    const Judgement judgement = judged();
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    ASSERT_EQ(judgement.findings.size(), 2u) << place;
    EXPECT_THAT(judgement.findings, Contains(Field(&Finding::code, "pcie.width")));
    for (const Finding& finding : judgement.findings) EXPECT_THAT(finding.consequences, IsEmpty());
  }
}

TEST_F(JudgeCauses, WhatAPartIsIsRejectedAndCanBeWaived) {
  step_of(run, "inventory.gpus", "node").errors = {{"pcie.width", "x8", "gpu3", ""}};
  EXPECT_EQ(only(Verdict::reject).part, "gpu3");
  waive("pcie.width", "gpu3");
  EXPECT_EQ(only(Verdict::accept).severity, Severity::waived);
}

TEST_F(JudgeCauses, ABusyGpuExcusesItselfAndTellsWhyTheOthersDidNotRun) {
  for (int slot = 0; slot < kGpus; ++slot) {
    fail_step(run, "memory.sweep", Part::gpu(slot), {"environment.not_idle", "40 % busy", "gpu3", ""});
  }
  set_bandwidth(run, 3, 3000);
  const Finding busy = only(Verdict::inconclusive);
  EXPECT_EQ(busy.code, "environment.not_idle");
  EXPECT_THAT(busy.evidence, ::testing::Each(Field(&EvidenceItem::part, "gpu3")));
  EXPECT_EQ(busy.consequences.size(), 9u);  // eight sweeps that were not run, and gpu3's slowness
  set_bandwidth(run, 5, 3000);
  EXPECT_THAT(judged().findings, Contains(::testing::AllOf(Field(&Finding::code, "memory.slow"),
                                                           Field(&Finding::part, "gpu5/hbm"))));
}

TEST_F(JudgeCauses, AWaiverCoversPerformance) {
  slow_gpu3();
  waive("memory.slow", "gpu3/hbm");
  const Finding finding = only(Verdict::accept);
  EXPECT_EQ(finding.severity, Severity::waived);
  EXPECT_EQ(judged().waived, 1);
  EXPECT_EQ(headline(judged()), "ACCEPT (waived 1)");
  for (const CheckOutcome& outcome : judged().checks)
    EXPECT_EQ(outcome.result, Result::pass) << outcome.check;
  EXPECT_THAT(in_english(judged().notes), Contains(HasSubstr("until 2026-12-31")));
}

TEST_F(JudgeCauses, AWaiverHoldsThroughItsLastDayAndNoLonger) {
  slow_gpu3();
  waive("memory.slow", "*", "2026-03-01");
  EXPECT_EQ(judged().verdict, Verdict::accept);
  criteria.waivers[0].expires = "2026-02-28";
  EXPECT_EQ(judged().verdict, Verdict::reject);
  EXPECT_THAT(in_english(judged().notes), Contains(HasSubstr("expired on 2026-02-28")));
  criteria.waivers[0].expires = "";
  EXPECT_EQ(judged().verdict, Verdict::reject);
}

TEST_F(JudgeCauses, AWaiverIsForItsPartAndSerial) {
  slow_gpu3();
  waive("memory.slow", "gpu4/hbm");
  EXPECT_EQ(judged().verdict, Verdict::reject);
  criteria.waivers[0].part = "gpu3/hbm";
  criteria.waivers[0].serial = "1650gpu4";
  EXPECT_EQ(judged().verdict, Verdict::reject);
  criteria.waivers[0].serial = "1650gpu3";
  EXPECT_EQ(judged().verdict, Verdict::accept);
}

TEST_F(JudgeCauses, AWaiverCoversNoSetting) {
  measurement_of(step_of(run, "inventory.gpus", "node"), "vbios", "gpu6").value = std::string("other");
  EXPECT_EQ(judged().verdict, Verdict::inconclusive);
  waive("inventory.vbios_differs", "*");
  EXPECT_EQ(judged().verdict, Verdict::inconclusive);
  EXPECT_THAT(in_english(judged().notes), Contains(HasSubstr("environment is never waived")));
}

TEST_F(JudgeCauses, CorruptionFaultsAndAbsenceAreNeverWaived) {
  waive("memory.miscompare", "*");
  waive("device.lost", "*");
  waive("harness.check_not_run", "*");
  const RunRecord healthy = run;
  measurement_of(step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value = 1.0;
  EXPECT_EQ(judged().verdict, Verdict::reject);
  EXPECT_THAT(in_english(judged().notes), Contains(HasSubstr("corruption is never waived")));
  run = healthy;
  step_of(run, "memory.sweep", "gpu3").errors = {{"device.lost", "Xid 79", "", ""}};
  EXPECT_EQ(judged().verdict, Verdict::reject);
  run = healthy;
  remove_step(run, "memory.sweep", "gpu3");
  EXPECT_EQ(judged().verdict, Verdict::inconclusive);
  EXPECT_EQ(judged().waived, 0);
}

TEST_F(JudgeCauses, AWaiverOfTheEnvironmentChangesNothing) {
  slow_gpu3();
  run.errors.push_back({"environment.hot_inlet", "45 degC", "environment", ""});
  waive("environment.hot_inlet", "*");
  EXPECT_EQ(judged().verdict, Verdict::inconclusive);
  EXPECT_EQ(judged().waived, 0);
}

TEST_F(JudgeCauses, AWaivedErrorDoesNotExplainAbsence) {
  kind_of(criteria, "environment.foreign_process").cls = FindingClass::condition;
  fail_step(run, "memory.sweep", "gpu3", {"environment.foreign_process", "pid 4711", "", ""});
  waive("environment.foreign_process", "*");
  const Judgement judgement = judged();
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.findings, Contains(Field(&Finding::code, "harness.check_not_run")));
}

}  // namespace
}  // namespace assay::verdict
