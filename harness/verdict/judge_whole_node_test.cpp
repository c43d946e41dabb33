// What some of a node's GPUs do together is not how fast the node is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using namespace builders;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// A run whose collectives are of gpu2 and gpu5, at half the speed of eight.
RunRecord run_of_two(const Criteria& criteria) {
  RunRecord run = healthy_run(criteria);
  Step& step = step_of(run, "collective.allreduce", "node");
  run.plan.stages[static_cast<std::size_t>(step.stage)].placements[0].participants = {{{"gpu2"}}, {{"gpu5"}}};
  measurement_of(step, "bus_bandwidth", "node").value = 200.0;
  return run;
}

TEST(JudgeWholeNode, SpeedOfSomeOfItsGpusIsNotHeldAgainstIt) {
  const Criteria criteria = sample_criteria();
  const Judgement judgement = judge(run_of_two(criteria), criteria);
  EXPECT_THAT(judgement.findings, IsEmpty());
  EXPECT_THAT(in_english(judgement.notes),
              Contains(HasSubstr("collective.allreduce: how fast the node is was not judged")));
}

TEST(JudgeWholeNode, WhatWasNotJudgedIsNotAccepted) {
  const Criteria criteria = sample_criteria();
  EXPECT_EQ(judge(run_of_two(criteria), criteria).verdict, Verdict::inconclusive);
}

TEST(JudgeWholeNode, WhatIsWrongAmongSomeIsWrong) {
  Criteria criteria = sample_criteria();
  kind_of(criteria, "collective.slow").cls = FindingClass::corruption;
  EXPECT_EQ(judge(run_of_two(criteria), criteria).verdict, Verdict::reject);
}

}  // namespace
}  // namespace assay::verdict
