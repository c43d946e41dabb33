// workload.finance on a simulated GPU: what it emits when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadFinance : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.finance"), state_, duration_s);
    check("workload.finance").run(context);
    return context;
  }
};

TEST_F(WorkloadFinance, EmitsAllItDeclaresOnAHealthyGpuAndTheSameOnEvery) {
  const Emitted context = run(0.1);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_GT(context.values.at("rate"), 200);
  EXPECT_LT(context.values.at("rate"), 300);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(run().texts, context.texts);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadFinance, NamesTheBlockWhoseDoublesComeOutWrong) {
  const std::string right = run().texts.at("digest");
  plant("sm_result", {{"sm", 57}, {"sub_partition", 2}, {"bit", 3}, {"gives", 2}, {"every", 1}},
        {{"datapath", "fp64"}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_NE(context.texts.at("digest"), right);
  const nlohmann::json& wrong = context.evidences.at("first_wrong_values");
  EXPECT_EQ(wrong.size(), 2u) << "the one block that this multiprocessor has";
  EXPECT_NE(wrong.at(0).at("what").get<std::string>().find("block"), std::string::npos) << wrong;
  EXPECT_NE(wrong.at(0).at("expected"), wrong.at(0).at("actual"));
}

TEST_F(WorkloadFinance, RandomNumbersThatComeOutWrongNowAndThenAreFound) {
  plant("sm_result", {{"every_sm", 1}, {"bit", 31}, {"gives", 2}, {"every", 40000}},
        {{"datapath", "integer"}});
  const Emitted context = run(0.1);
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_GT(context.values.at("other_results"), 0);
}

}  // namespace
}  // namespace assay
