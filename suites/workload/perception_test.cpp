// workload.perception on a simulated GPU: what it emits when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadPerception : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.perception"), state_, duration_s);
    check("workload.perception").run(context);
    return context;
  }
};

TEST_F(WorkloadPerception, EmitsAllItDeclaresOnAHealthyGpuAndTheSameOnEvery) {
  const Emitted context = run(0.02);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_GT(context.values.at("rate"), 80'000);
  EXPECT_LT(context.values.at("rate"), 180'000);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(run().texts, context.texts);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadPerception, NamesTheSumsThatTensorCoresGetWrong) {
  const std::string right = run().texts.at("digest");
  plant("sm_result", {{"sm", 57}, {"sub_partition", 2}, {"bit", 14}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_int8"}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_NE(context.texts.at("digest"), right);
  EXPECT_EQ(context.evidences.at("first_wrong_values").at(0).at("what").get<std::string>().substr(0, 25),
            "layer 1: sum over filters");
}

TEST_F(WorkloadPerception, TheLowestBitIsAsGoodAsAnother) {
  plant("sm_result", {{"sm", 57}, {"sub_partition", 1}, {"bit", 0}, {"gives", 1}, {"every", 1}},
        {{"datapath", "tensor_int8"}});
  EXPECT_GT(run().values.at("wrong_values"), 0) << "results hide it, sums do not";
}

TEST_F(WorkloadPerception, SumsThatTheCoresGetWrongNowAndThenAreFound) {
  plant("sm_result", {{"every_sm", 1}, {"bit", 7}, {"gives", 2}, {"every", 100}}, {{"datapath", "integer"}});
  EXPECT_GT(run().values.at("wrong_values"), 0);
}

}  // namespace
}  // namespace assay
