// Limits of telemetry that are held against it in the steps of one check.
#include <gtest/gtest.h>

#include "harness/model/telemetry_measures.h"
#include "harness/verdict/judge_fixture.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;

struct JudgeDuring : JudgeFixture {
  JudgeDuring() {
    Limit limit = limit_of(criteria, "copy_bandwidth", LimitKind::min);
    limit.check = kTelemetryCheck;
    limit.measurement = "power_steady";
    limit.during = "memory.sweep";
    limit.bound = 600.0;
    limit.marginal_bound.reset();
    limit.unit = Unit::watts;
    criteria.limits.push_back(limit);
    required_of(criteria, kTelemetryCheck).measures.push_back({"power_steady", Unit::watts, "", false});
    run.criteria_hash = hash_of(criteria);
    for (Step& step : run.steps) {
      if (step.part.gpu_slot()) step.measurements.push_back(power(step.part, 690));
    }
  }
  static Measurement power(const Part& gpu, double watts) {
    return {"power_steady", watts, "W", gpu, kTelemetryCheck};
  }
  Measurement& power_in(const std::string& check, const Part& gpu) {
    return measurement_of(step_of(run, check, gpu), "power_steady", gpu);
  }
};

TEST_F(JudgeDuring, AreHeldAgainstThatChecksStepsAlone) {
  power_in("memory.bandwidth", "gpu3").value = 100.0;
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  power_in("memory.sweep", "gpu3").value = 100.0;
  const Finding finding = only(Verdict::reject);
  EXPECT_EQ(finding.part, "gpu3/hbm") << "where memory.slow belongs";
  EXPECT_EQ(finding.evidence.at(0).measurement, "power_steady");
}

/// A peer hangs, or the worker died: what was read until then is not of the work.
TEST_F(JudgeDuring, AreNotHeldAgainstStepsThatBrokeOff) {
  power_in("memory.sweep", "gpu3").value = 100.0;
  fail_step(run, "memory.sweep", "gpu3", {"harness.worker_crashed", "signal 9", "", ""});
  for (const Finding& finding : judge(run, criteria).findings) EXPECT_NE(finding.code, "memory.slow");
}

TEST_F(JudgeDuring, AreHeldAgainstOneThatOverlapsAsTheSecond) {
  for (Placement& placement : run.plan.stages.at(1).placements) {
    ASSERT_EQ(placement.bodies.front().check, "memory.sweep");
    placement.bodies.push_back(placement.bodies.front());
    placement.bodies.back().check = "another.check";
  }
  criteria.limits.back().during = "another.check";
  power_in("memory.sweep", "gpu3").value = 100.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_NE(to_json(judgement).dump().find("power_steady"), std::string::npos);
}

TEST_F(JudgeDuring, WhatTheyAreHeldAgainstMustBeThere) {
  const auto forget_in = [&](const std::string& check) {
    std::erase_if(step_of(run, check, "gpu3").measurements,
                  [](const Measurement& m) { return m.name == "power_steady"; });
  };
  forget_in("memory.bandwidth");
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
  forget_in("memory.sweep");
  EXPECT_EQ(only(Verdict::inconclusive).code, "harness.telemetry_lost");
}

}  // namespace
}  // namespace assay::verdict
