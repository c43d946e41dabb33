// Values of one of many alike below a part: its absence says nothing, and it accuses that one.
#include <gtest/gtest.h>

#include "harness/model/judgement.h"
#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using namespace assay::builders;

/// Bad words of single channels, which memory.sweep declares as channel0, channel1, ...
Criteria with_numbered_measure() {
  Criteria criteria = sample_criteria();
  Limit limit = limit_of(criteria, "bad_words", LimitKind::equal);
  limit.measurement = "bad_words_of_channel";
  criteria.limits.push_back(limit);
  RequiredMeasure measure{"bad_words_of_channel", Unit::count, "channel", true, {}, true};
  required_of(criteria, "memory.sweep").measures.push_back(measure);
  return criteria;
}

Judgement judge_channel(const Part& part, double value) {
  const Criteria criteria = with_numbered_measure();
  RunRecord run = healthy_run(criteria);
  Step& step = step_of(run, "memory.sweep", "gpu3");
  Measurement measurement = measurement_of(step, "bad_words", "gpu3/hbm");
  measurement.name = "bad_words_of_channel";
  measurement.part = part;
  measurement.value = value;
  step.measurements.push_back(measurement);
  return judge(run, criteria);
}

TEST(NumberedMeasure, ItsAbsenceSaysNothing) {
  const Criteria criteria = with_numbered_measure();
  RunRecord run = healthy_run(criteria);
  for (Step& step : run.steps) {
    std::erase_if(step.measurements, [](const Measurement& m) { return m.name == "bad_words_of_channel"; });
  }
  EXPECT_EQ(judge(run, criteria).verdict, Verdict::accept);
}

TEST(NumberedMeasure, AccusesTheOneThatItIsOf) {
  const Judgement bad = judge_channel("gpu3/channel17", 2);
  EXPECT_EQ(bad.verdict, Verdict::reject);
  ASSERT_EQ(bad.findings.size(), 1u);
  EXPECT_EQ(bad.findings[0].code, "memory.miscompare");
  EXPECT_EQ(bad.findings[0].part, "gpu3/channel17");
  EXPECT_EQ(judge_channel("gpu3/channel17", 0).verdict, Verdict::accept);
}

TEST(NumberedMeasure, IsOfANumberedPartAlone) {
  for (const char* part : {"gpu3/channel", "gpu3/hbm", "gpu3/channelx", "gpu3/sm5", "gpu3"}) {
    const Judgement judgement = judge_channel(part, 0);
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive) << part;
    EXPECT_EQ(judgement.findings.at(0).code, "harness.undeclared_measurement") << part;
  }
}

}  // namespace
}  // namespace assay::verdict
