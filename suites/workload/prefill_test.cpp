// workload.prefill on a simulated GPU: what it emits when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class WorkloadPrefill : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("workload.prefill"), state_, duration_s);
    check("workload.prefill").run(context);
    return context;
  }
  void plant_in_a_multiprocessor(const char* datapath, int bit, int every = 1) {
    plant("sm_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", bit}, {"gives", 2}, {"every", every}},
          {{"datapath", datapath}});
  }
};

TEST_F(WorkloadPrefill, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run(1);
  EXPECT_EQ(context.values.at("wrong_values"), 0);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_GT(context.values.at("rate"), 128'000);
  EXPECT_LT(context.values.at("rate"), 427'000);
  EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(context.evidences.at("library").at("version"), "13.1.0");
  EXPECT_EQ(run().texts.at("digest"), context.texts.at("digest"));
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadPrefill, ABadTensorCoreHasAnotherDigestAndTheProbeWrong) {
  const std::string right = run().texts.at("digest");
  plant_in_a_multiprocessor("tensor_bf16", 22);
  const Emitted context = run();
  EXPECT_NE(context.texts.at("digest"), right);
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_FALSE(context.evidences.at("first_wrong_values").empty());
}

TEST_F(WorkloadPrefill, AProductOfTheLibraryThatIsAlwaysWrongHasAnotherDigest) {
  const std::string right = run().texts.at("digest");
  plant("library_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", 4}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_bf16"}});
  const Emitted context = run();
  EXPECT_NE(context.texts.at("digest"), right);
  EXPECT_EQ(context.values.at("other_results"), 0);
}

TEST_F(WorkloadPrefill, WhatIsWrongNowAndThenIsCounted) {
  plant_in_a_multiprocessor("special", 20, 300);
  EXPECT_GT(run(0.5).values.at("other_results"), 0);
}

TEST_F(WorkloadPrefill, AKeyThatIsRotatedWronglyNowAndThenIsAWrongValue) {
  plant_in_a_multiprocessor("fp32", 22, 10);
  EXPECT_GT(run(0.5).values.at("wrong_values"), 0);
}

TEST_F(WorkloadPrefill, AllRanksComputeByTheAlgorithmsOfTheFirst) {
  const auto where_memory_is_short = [&](std::optional<std::string> of_the_first) {
    Collector context(check("workload.prefill"), state_, 0);
    const auto held = context.gpu(0).allocate(context.gpu(0).memory().free_bytes - (3ull << 30));
    context.brought_by_the_first = std::move(of_the_first);
    check("workload.prefill").run(context);
    return context.brought_last;
  };
  const std::string other = where_memory_is_short(std::nullopt);
  Collector context(check("workload.prefill"), state_, 0);
  context.brought_by_the_first = other;
  check("workload.prefill").run(context);
  EXPECT_NE(context.brought_last, other) << "its own proposal";
  // Nobody has algorithms like these: that they are refused shows whose are used.
  EXPECT_THROW(where_memory_is_short(other.substr(0, other.find(' ') + 1) + std::string(256, 'x')),
               DeviceError);
}

TEST_F(WorkloadPrefill, AnotherVersionOfTheLibraryIsNoPeer) {
  Collector context(check("workload.prefill"), state_, 0);
  context.brought_by_the_first = "13.0.2 " + std::string(256, 'x');
  EXPECT_THROW(check("workload.prefill").run(context), std::runtime_error);
}

}  // namespace
}  // namespace assay
