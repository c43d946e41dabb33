// workload.decode on a simulated GPU: what it emits when all is well, and what each planted fault does to it.
#include <gtest/gtest.h>

#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadDecode : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.decode"), state_, duration_s);
    check("workload.decode").run(context);
    return context;
  }
  void plant_in_a_multiprocessor(const char* datapath, int bit, int every = 1) {
    plant("sm_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", bit}, {"gives", 2}, {"every", every}},
          {{"datapath", datapath}});
  }
};

TEST_F(WorkloadDecode, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run(0.1);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_GT(context.values.at("rate"), 9'800);
  EXPECT_LT(context.values.at("rate"), 32'700);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(run().texts.at("digest"), context.texts.at("digest"));
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadDecode, ABadTensorCoreHasAnotherDigest) {
  const std::string right = run().texts.at("digest");
  plant_in_a_multiprocessor("tensor_bf16", 22);
  const Emitted context = run();
  EXPECT_NE(context.texts.at("digest"), right);
  EXPECT_EQ(context.values.at("other_results"), 0);
}

TEST_F(WorkloadDecode, TensorCoresThatAreAllBadGetTheProbeWrong) {
  plant("sm_result", {{"every_sm", 1}, {"sub_partition", 1}, {"bit", 22}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_bf16"}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_FALSE(context.evidences.at("first_wrong_values").empty());
}

TEST_F(WorkloadDecode, WhatIsWrongNowAndThenIsCounted) {
  plant_in_a_multiprocessor("special", 20, 300);
  EXPECT_GT(run(0.05).values.at("other_results"), 0);
}

TEST_F(WorkloadDecode, AKeyThatIsRotatedWronglyNowAndThenIsAWrongValue) {
  plant_in_a_multiprocessor("fp32", 22, 10);
  EXPECT_GT(run(0.05).values.at("wrong_values"), 0);
}

}  // namespace
}  // namespace assay
