// What most GPUs show alike is not theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/verdict/judge_fixture.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct JudgeCommonCauses : JudgeFixture {
  JudgeCommonCauses() {
    kind_of(criteria, "memory.slow").of_most = "environment.hot_inlet";
    std::erase_if(criteria.limits, [](const Limit& limit) { return limit.kind == LimitKind::peer_ratio; });
    run.criteria_hash = hash_of(criteria);
  }
  void slow_down(int gpus) {
    for (int slot = 0; slot < gpus; ++slot) set_bandwidth(run, slot, 1000);
  }
};

TEST_F(JudgeCommonCauses, AreFoundWhereHalfOrMoreShowIt) {
  slow_down(4);
  const Finding finding = only(Verdict::inconclusive);
  EXPECT_EQ(finding.code, "environment.hot_inlet");
  EXPECT_EQ(finding.part, "environment");
  EXPECT_THAT(finding.evidence.at(0).detail.english,
              AllOf(HasSubstr("4 of 8 GPUs"), HasSubstr("gpu3 copy_bandwidth 1000 GB/s")));
  EXPECT_THAT(finding.consequences, SizeIs(4));
}

TEST_F(JudgeCommonCauses, AreNotWhereFewerDo) {
  slow_down(3);
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::reject);
  EXPECT_THAT(judgement.findings, SizeIs(3));
}

TEST_F(JudgeCommonCauses, OfOneGpuAloneIsItsOwn) {
  for (int slot = 1; slot < kGpus; ++slot) remove_step(run, "memory.bandwidth", Part::gpu(slot));
  slow_down(1);
  const auto is_common = [](const Finding& finding) { return finding.code == "environment.hot_inlet"; };
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(std::count_if(judgement.findings.begin(), judgement.findings.end(), is_common), 0);
}

/// It is known of those that showed it.
TEST_F(JudgeCommonCauses, ExcuseNothingElse) {
  slow_down(4);
  kind_of(criteria, "collective.slow").explained_by.clear();
  run.criteria_hash = hash_of(criteria);
  measurement_of(step_of(run, "collective.allreduce", "node"), "bus_bandwidth", "node").value = 100.0;
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  ASSERT_THAT(judgement.findings, SizeIs(2));
  EXPECT_EQ(judgement.findings[1].code, "collective.slow");
}

TEST_F(JudgeCommonCauses, WhatIsMarginalOnMostIsNoCause) {
  for (int slot = 0; slot < kGpus; ++slot) set_bandwidth(run, slot, 3950);
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
}

}  // namespace
}  // namespace assay::verdict
