// workload.train_step on a simulated GPU: what it emits when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <string>

#include "kernels/workloads/train_step/model.h"
#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadTrainStep : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.train_step"), state_, duration_s);
    check("workload.train_step").run(context);
    return context;
  }
  /// What is planted from now on is in another GPU.
  void take_another_gpu() {
    state_->gpu_count = 0;
    add_gpu(kSlot + 1);
  }
  static std::string first_wrong(const Emitted& context) {
    return context.evidences.at("first_wrong_values").at(0).at("what");
  }
};

TEST_F(WorkloadTrainStep, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run(2);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_NEAR(context.values.at("rate"), 1.1e6, 0.1e6);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_EQ(context.evidences.at("steps").at("losses").size(), 2u);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
  take_another_gpu();
  const Emitted of_another = run();
  EXPECT_EQ(of_another.texts, context.texts);
  EXPECT_EQ(of_another.evidences.at("steps"), context.evidences.at("steps"));
}

TEST_F(WorkloadTrainStep, TakesTheTimeThatThePlanHas) {
  using workloads::train_step::kOnCard;
  const DeviceSpeed& speed = state_->plant.speed;
  const double repetition_s = workloads::train_step::seconds_of_repetition(speed, kOnCard);
  const double rate = kOnCard.steps * kOnCard.tokens() / repetition_s;
  EXPECT_NEAR(run(2).values.at("rate"), rate, 0.02 * rate);
}

TEST_F(WorkloadTrainStep, ProductsThatAreAlwaysWrongAreSeenByWholeNumbersAndByTheDigest) {
  const Emitted right = run();
  for (const double sub_partition : {0, 3}) {
    take_another_gpu();
    state_->fault_count = 0;
    plant("sm_result", {{"sm", 7}, {"sub_partition", sub_partition}, {"bit", 13}, {"gives", 2}, {"every", 1}},
          {{"datapath", "tensor_bf16"}}, kSlot + 1);
    const Emitted context = run();
    EXPECT_GT(context.values.at("wrong_values"), 0) << sub_partition;
    EXPECT_EQ(context.values.at("other_results"), 0) << sub_partition;
    EXPECT_NE(context.texts.at("digest"), right.texts.at("digest")) << sub_partition;
    EXPECT_NE(first_wrong(context).find("of whole numbers"), std::string::npos) << first_wrong(context);
    EXPECT_NE(context.evidences.at("steps").at("losses"), right.evidences.at("steps").at("losses"));
  }
}

TEST_F(WorkloadTrainStep, CoresThatAreAlwaysWrongHaveAnotherDigest) {
  const std::string right = run().texts.at("digest");
  for (const char* datapath : {"fp32", "special", "load_store"}) {
    state_->fault_count = 0;
    plant("sm_result", {{"sm", 99}, {"bit", 2}, {"gives", 2}, {"every", 1}}, {{"datapath", datapath}});
    const Emitted context = run();
    EXPECT_NE(context.texts.at("digest"), right) << datapath;
    EXPECT_EQ(context.values.at("other_results"), 0) << datapath;
  }
}

TEST_F(WorkloadTrainStep, WhatIsWrongNowAndThenIsCountedAndTheStepAndTensorNamed) {
  plant("sm_result", {{"sm", 17}, {"bit", 3}, {"gives", 2}, {"every", 20'000}}, {{"datapath", "fp32"}});
  const Emitted context = run(2);
  EXPECT_GT(context.values.at("other_results"), 0);
  const std::string what = first_wrong(context);
  EXPECT_EQ(what.rfind("step ", 0), 0u) << what;
  EXPECT_NE(what.find("the first that is not the first repetition's"), std::string::npos) << what;
}

TEST_F(WorkloadTrainStep, AGreatErrorIsAWrongValue) {
  plant("sm_result", {{"sm", 3}, {"bit", 30}, {"gives", 2}, {"every", 1}}, {{"datapath", "special"}});
  EXPECT_GT(run().values.at("wrong_values"), 0);
}

}  // namespace
}  // namespace assay
