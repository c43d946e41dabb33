// What is measured between two GPUs: whom it accuses, what explains it, what it is compared with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/model/content_hash.h"
#include "harness/model/judgement.h"
#include "harness/model/telemetry_measures.h"
#include "harness/testing/run_builder.h"
#include "harness/testing/stages.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using namespace builders;
using testing::Contains;

constexpr int kPairStage = 4;
constexpr const char* kCheck = "nvlink.pair";
const Error kKilled{"harness.step_timeout", "no answer within 30 s", "", "killed by signal 9"};

struct JudgePairs : testing::Test {
  JudgePairs() {
    std::vector<Part> pairs;
    std::vector<Placement> placements;
    for (int a = 0; a < kGpus; ++a) {
      for (int b = a + 1; b < kGpus; ++b) {
        pairs.push_back(Part::pair(Part::gpu(a), Part::gpu(b)));
        placements.emplace_back();
        placements.back().part = pairs.back();
        placements.back().participants = {{{Part::gpu(a), Part::gpu(b)}}};
      }
    }
    run.plan.stages.push_back(stage_of(kPairStage, placements, kCheck, {}));
    run.plan_hash = content_hash(run.plan);
    for (const Part& pair : pairs) add_step(pair);

    criteria.required.push_back({kCheck, pairs, {{"bandwidth", Unit::gb_per_s, "", true}}, pairs, 1});
    FindingKind kind = kind_of(criteria, "memory.slow");
    kind.code = "nvlink.slow";
    kind.subcomponent.clear();
    criteria.findings.push_back(kind);
    Limit limit = limit_of(criteria, "copy_bandwidth", LimitKind::min);
    limit.check = kCheck;
    limit.measurement = "bandwidth";
    limit.bound = 350.0;
    limit.marginal_bound.reset();
    limit.finding = "nvlink.slow";
    criteria.limits.push_back(limit);
    run.criteria_hash = hash_of(criteria);
  }

  void add_step(const Part& pair) {
    Step step;
    step.check = kCheck;
    step.part = pair;
    step.stage = kPairStage;
    step.id = step_id(run.plan, kPairStage, {kCheck, "", 0, 1}, pair, 1);
    step.status = Status::complete;
    step.measurements.push_back({"bandwidth", 380.0, "GB/s", pair, "check"});
    for (const Part& gpu : pair.units()) {
      for (const Measurement& m : step_of(run, "memory.sweep", gpu).measurements) {
        if (m.source == kTelemetryCheck) step.measurements.push_back(m);
      }
    }
    run.steps.push_back(step);
  }
  void slow(const Part& pair) { measurement_of(step_of(run, kCheck, pair), "bandwidth", pair).value = 100.0; }
  std::vector<std::string> findings() {
    std::vector<std::string> found;
    for (const Finding& finding : judge(run, criteria).findings)
      found.push_back(finding.code.text() + "@" + finding.part.path());
    return found;
  }

  Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
};

TEST_F(JudgePairs, HealthyOnesAreAccepted) {
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::accept) << to_json(judgement).dump(1);
}

TEST_F(JudgePairs, ASlowOneIsNamedWithBothOfItsGpus) {
  slow("gpu0-gpu5");
  const Judgement judgement = judge(run, criteria);
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].part, "gpu0-gpu5");
  EXPECT_EQ(judgement.findings[0].serial, "1650gpu0, 1650gpu5");
  EXPECT_EQ(judgement.findings[0].slot, "slot gpu0, slot gpu5");
}

TEST_F(JudgePairs, WhatIsWrongWithEitherGpuExplainsThem) {
  slow("gpu0-gpu5");
  measurement_of(step_of(run, "memory.bandwidth", "gpu5"), "inlet", "gpu5").value = 45.0;
  EXPECT_THAT(findings(), testing::ElementsAre("environment.hot_inlet@environment"));
}

TEST_F(JudgePairs, WhatIsWrongWithAThirdGpuDoesNot) {
  slow("gpu0-gpu5");
  measurement_of(step_of(run, "memory.bandwidth", "gpu3"), "inlet", "gpu3").value = 45.0;
  EXPECT_THAT(findings(), Contains("nvlink.slow@gpu0-gpu5"));
}

TEST_F(JudgePairs, AWaiverOfOneOfTheSerialsIsTheirs) {
  slow("gpu0-gpu5");
  criteria.waivers.push_back({"nvlink.slow", "gpu0-gpu5", "1650gpu5", "known", "R. Assayer", "2026-12-31"});
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  criteria.waivers.back().serial = "1650gpu4";
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
}

TEST_F(JudgePairs, ToBeComparedWithOneAnotherIsALimit) {
  Limit& limit = limit_of(criteria, "bandwidth", LimitKind::min);
  limit.kind = LimitKind::peer_ratio;
  limit.bound = 0.9;
  run.criteria_hash = hash_of(criteria);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  slow("gpu2-gpu7");
  EXPECT_THAT(findings(), testing::ElementsAre("nvlink.slow@gpu2-gpu7"));
}

TEST_F(JudgePairs, AGpuThatHangsBesideSeveralPartnersIsAccusedAndTheyAreNot) {
  for (int other = 0; other < kGpus; ++other) {
    if (other != 3) fail_step(run, kCheck, Part::pair("gpu3", Part::gpu(other)), kKilled);
  }
  EXPECT_THAT(findings(), testing::ElementsAre("device.hung@gpu3"));
}

TEST_F(JudgePairs, OfTwoThatHangBesideAllOthersTheOthersAreNotAccused) {
  for (int other = 0; other < kGpus; ++other) {
    for (int hung : {3, 5}) {
      if (other == hung || (hung == 5 && other == 3)) continue;
      fail_step(run, kCheck, Part::pair(Part::gpu(hung), Part::gpu(other)), kKilled);
    }
  }
  EXPECT_THAT(findings(), testing::UnorderedElementsAre("device.hung@gpu3", "device.hung@gpu5"));
}

TEST_F(JudgePairs, OneThatHangsAgainAccusesTheTwoOfThem) {
  fail_step(run, kCheck, "gpu3-gpu6", kKilled);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive) << "once may be anybody's";
  repeat(run, kCheck, "gpu3-gpu6", 2);
  fail_step(run, kCheck, "gpu3-gpu6", kKilled, 2);
  EXPECT_THAT(findings(), testing::ElementsAre("device.hung@gpu3-gpu6"));
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::reject);
}

}  // namespace
}  // namespace assay::verdict
