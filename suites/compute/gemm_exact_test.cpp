// compute.gemm_exact on a simulated GPU: what it emits when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class ComputeGemmExact : public CheckOnSimulatedGpu {
 protected:
  Emitted run() {
    Collector context(check("compute.gemm_exact"), state_, 0);
    check("compute.gemm_exact").run(context);
    return context;
  }
  void plant_in_results(std::map<std::string, double> parameters, const char* datapath) {
    parameters.insert({{"sub_partition", 4}, {"bit", 30}, {"gives", 2}, {"every", 1}});
    plant("sm_result", parameters, {{"datapath", datapath}});
  }
};

TEST_F(ComputeGemmExact, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run();
  EXPECT_EQ(context.values, (std::map<std::string, double>{
                                {"wrong_sums", 0}, {"datatypes", 7}, {"unexpected_datatypes", 0}}));
  EXPECT_EQ(context.texts.at("digest").size(), 16u);
  EXPECT_EQ(context.evidences.count("wrong_elements"), 0u);
  EXPECT_GT(context.evidences.at("tflop_per_s").at("tensor_bf16"), 500);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(ComputeGemmExact, AWrongElementIsNamedWithItsSm) {
  plant_in_results({{"sm", 57}, {"every", 5000}}, "tensor_bf16");
  const Emitted context = run();
  ASSERT_EQ(context.values.count("sm57/wrong_elements"), 1u);
  EXPECT_GT(context.values.at("wrong_sums"), 0);
  EXPECT_EQ(context.texts.at("sm57/culprit").rfind("tensor_bf16: row ", 0), 0u);
  const nlohmann::json& first = context.evidences.at("wrong_elements").at(0);
  EXPECT_EQ(first.at("datapath"), "tensor_bf16");
  EXPECT_EQ(first.at("sm"), 57);
  for (const auto& [name, value] : context.values)
    EXPECT_TRUE(name.find('/') == std::string::npos || name.rfind("sm57/", 0) == 0) << name;
}

TEST_F(ComputeGemmExact, AFaultThatIsTheSameEveryTimeIsSeen) {
  plant_in_results({{"sm", 3}, {"sub_partition", 1}}, "tensor_fp64");
  const Emitted context = run();
  EXPECT_EQ(context.values.count("sm3/wrong_elements"), 1u);
  EXPECT_EQ(context.values.at("unexpected_datatypes"), 0);
}

TEST_F(ComputeGemmExact, WhatEverySmGetsWrongAccusesNoneAndGivesAnotherDigest) {
  const std::string right = run().texts.at("digest");
  plant_in_results({{"every_sm", 1}}, "tensor_int8");
  const Emitted context = run();
  EXPECT_EQ(context.values.at("unexpected_datatypes"), 1);
  EXPECT_EQ(context.values.at("wrong_sums"), 0);
  EXPECT_NE(context.texts.at("digest"), right);
}

}  // namespace
}  // namespace assay
