#include "harness/verdict/follow_ups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/testing/run_builder.h"
#include "harness/testing/stages.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using namespace builders;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kStage = 4;

/// A run whose plan holds a sweep of each GPU ready, in case one is slow.
struct FollowUps : testing::Test {
  FollowUps() {
    Stage stage = gpu_stage(kStage, "memory.locate", {"gpu0", "gpu1", "gpu2"});
    for (Placement& placement : stage.placements) placement.condition = Condition{{"memory.slow"}, true};
    run.plan.stages.push_back(stage);
    RequiredCheck required{"memory.locate", {"gpu0", "gpu1", "gpu2"}, {}, {"gpu0", "gpu1", "gpu2"}, 1};
    required.follow_up = true;
    criteria.required.push_back(required);
    agree();
  }
  /// The run was started with the criteria as they are now.
  void agree() { run.criteria_hash = hash_of(criteria); }
  void make_slow(int gpu) { set_bandwidth(run, gpu, 3000, 1); }
  void of_all() {
    for (Placement& placement : run.plan.stages.back().placements) placement.condition->of_accused = false;
  }
  void locate(const Part& gpu) {
    Step step = step_of(run, "memory.sweep", gpu);  // with its telemetry
    step.measurements.erase(std::remove_if(step.measurements.begin(), step.measurements.end(),
                                           [](const Measurement& m) { return m.source == "check"; }),
                            step.measurements.end());
    step.id = "sim-04-memory.locate-" + gpu.path();
    step.check = "memory.locate";
    step.stage = kStage;
    run.steps.push_back(step);
  }

  Criteria criteria = sample_criteria();
  RunRecord run = healthy_run(criteria);
};

TEST_F(FollowUps, AreNotDueOnAHealthyNodeAndNotMissed) {
  EXPECT_THAT(triggered(run, criteria), IsEmpty());
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::accept) << to_json(judgement).dump(2);
  for (const CheckOutcome& outcome : judgement.checks) EXPECT_NE(outcome.check, "memory.locate");
}

TEST_F(FollowUps, AreDueOnWhatAFindingAccuses) {
  make_slow(1);
  EXPECT_EQ(triggered(run, criteria), (Triggered{{kStage, "gpu1"}}));
  of_all();
  EXPECT_EQ(triggered(run, criteria).size(), 3u);
}

TEST_F(FollowUps, ThatAreDueAndWereNotMadeAreMissed) {
  make_slow(1);
  Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(to_json(judgement).dump(), HasSubstr("memory.locate completed 0 of 1 times on gpu1"));
  locate("gpu1");
  judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  EXPECT_THAT(judgement.checks, Contains(testing::Field(&CheckOutcome::check, "memory.locate")));
}

TEST_F(FollowUps, AreNotDueForWhatIsWaived) {
  make_slow(1);
  criteria.waivers.push_back({"memory.slow", "gpu1/hbm", "", "agreed", "site", "2030-01-01"});
  EXPECT_THAT(triggered(run, criteria), IsEmpty());
}

TEST_F(FollowUps, DoNotAskForThemselves) {
  for (Placement& placement : run.plan.stages.back().placements)
    placement.condition->findings = {"harness.step_timeout"};
  locate("gpu0");
  run.steps.back().status = Status::error;
  run.steps.back().errors.push_back({"harness.step_timeout", "", "gpu0", ""});
  EXPECT_THAT(triggered(run, criteria), IsEmpty());
}

TEST_F(FollowUps, AreNotAskedForByWhatIsWrittenAfterTheyWereDecided) {
  for (Placement& placement : run.plan.stages.back().placements)
    placement.condition = Condition{{"device.ecc_uncorrectable", "harness.disk_full"}, false};
  measurement_of(step_of(run, "telemetry", "gpu1"), "ecc_uncorrected_dram_delta", "gpu1/hbm").value = 1.0;
  run.errors.push_back({"harness.disk_full", "", "harness", ""});
  ASSERT_THAT(to_json(judge(run, criteria)).dump(), HasSubstr("device.ecc_uncorrectable"));
  EXPECT_THAT(triggered(run, criteria), IsEmpty());
}

TEST_F(FollowUps, OfAPairAreDueWhenEitherOfItsGpusIsAccused) {
  const std::vector<Part> pairs{"gpu0-gpu1", "gpu0-gpu2", "gpu1-gpu2"};
  std::vector<Placement>& placements = run.plan.stages.back().placements;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    placements[i].part = pairs[i];
    const std::vector<Part> gpus = pairs[i].units();
    placements[i].participants = {{gpus}};
  }
  make_slow(1);
  EXPECT_EQ(triggered(run, criteria), (Triggered{{kStage, "gpu0-gpu1"}, {kStage, "gpu1-gpu2"}}));
}

TEST_F(FollowUps, AreNotOwedUnderLimitsThatTheRunDidNotHave) {
  for (Limit& limit : criteria.limits) {
    if (limit.measurement == "copy_bandwidth" && limit.kind == LimitKind::min) limit.bound = 4105.5;
  }
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  EXPECT_THAT(to_json(judgement).dump(), testing::Not(HasSubstr("check_not_run")));
}

TEST_F(FollowUps, AlonePassNothing) {
  criteria.required = {criteria.required.back()};
  run.plan.stages = {run.plan.stages.back()};
  run.steps.clear();
  agree();
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::inconclusive);
}

}  // namespace
}  // namespace assay::verdict
