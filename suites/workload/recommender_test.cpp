// workload.recommender on a simulated GPU: what it emits when all is well, and what planted faults do to it.
#include <gtest/gtest.h>

#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadRecommender : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.recommender"), state_, duration_s);
    check("workload.recommender").run(context);
    return context;
  }
  Emitted run_on(int slot) {
    Collector context(check("workload.recommender"), state_, 0);
    JumpingClock clock;
    sim::SimGpu other(state_, slot, clock, 1);
    context.instead = &other;
    check("workload.recommender").run(context);
    return context;
  }
};

TEST_F(WorkloadRecommender, EmitsAllItDeclaresOnAHealthyGpu) {
  add_gpu(5);
  const Emitted context = run(1);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_NEAR(context.values.at("rate"), 24e6, 5e6);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_GT(context.evidences.at("repetitions").at("count"), 200);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(run_on(5).texts, context.texts);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadRecommender, WrongDataOfTheMemoryAreFound) {
  plant("hbm_data_wire", {{"bit", 20}, {"value", 1}, {"stride", 1}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_FALSE(context.evidences.at("first_wrong_values").empty());
}

TEST_F(WorkloadRecommender, AProductThatIsAlwaysWrongIsFound) {
  const std::string right = run().texts.at("digest");
  plant("library_result", {{"every_sm", 1}, {"sub_partition", 4}, {"bit", 9}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_bf16"}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_NE(context.texts.at("digest"), right);
}

TEST_F(WorkloadRecommender, SumsOfRowsThatAreWrongNowAndThenAreFound) {
  plant("sm_result", {{"every_sm", 1}, {"sub_partition", 4}, {"bit", 21}, {"gives", 2}, {"every", 5000}},
        {{"datapath", "fp32"}});
  EXPECT_GT(run().values.at("wrong_values"), 0);
}

}  // namespace
}  // namespace assay
