// A healthy run of eight GPUs and its criteria, to be spoilt and judged.
#pragma once

#include <gtest/gtest.h>

#include "harness/model/judgement.h"
#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {

class JudgeFixture : public ::testing::Test {
 protected:
  /// The only finding that there is.
  Finding only(Verdict verdict) {
    const Judgement judgement = judge(run, criteria);
    EXPECT_EQ(judgement.verdict, verdict);
    EXPECT_EQ(judgement.findings.size(), 1u) << to_json(judgement).dump(1);
    return judgement.findings.empty() ? Finding{} : judgement.findings[0];
  }
  Measurement& bandwidth(int gpu, int attempt = 1) {
    return builders::measurement_of(builders::step_of(run, "memory.bandwidth", Part::gpu(gpu), attempt),
                                    "copy_bandwidth", Part::gpu(gpu).below("hbm"));
  }
  CheckOutcome outcome(const std::string& check, const Part& part) {
    for (const CheckOutcome& candidate : judge(run, criteria).checks) {
      if (candidate.check == check && candidate.part == part) return candidate;
    }
    return {};
  }

  Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
};

}  // namespace assay::verdict
