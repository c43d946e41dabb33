// compute.gemm on a simulated GPU: what it emits when all is well, and what each planted fault does to it.
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

const char* const kVariants[] = {"bf16", "fp16", "e4m3", "int8", "tf32", "fp64"};

class ComputeGemm : public CheckOnSimulatedGpu {
 protected:
  Emitted run(const std::string& variant, double duration_s = 0) {
    Collector context(check("compute.gemm"), state_, duration_s, variant);
    check("compute.gemm").run(context);
    return context;
  }
  /// The first rank's algorithm, where memory is short there.
  std::string chosen_where_memory_is_short(const std::string& variant) {
    Collector context(check("compute.gemm"), state_, 0, variant);
    const auto held = context.gpu(0).allocate(context.gpu(0).memory().free_bytes - (3ull << 30));
    check("compute.gemm").run(context);
    return context.brought_last;
  }
};

TEST_F(ComputeGemm, EmitsAllItDeclaresOnAHealthyGpu) {
  EXPECT_EQ(check("compute.gemm").variants.size(), std::size(kVariants));
  std::set<std::string> digests;
  for (const char* variant : kVariants) {
    const Emitted context = run(variant);
    EXPECT_EQ(context.values.at("other_products"), 0) << variant;
    EXPECT_EQ(context.values.at("unexpected_elements"), 0) << variant;
    EXPECT_GT(context.values.at("rate"), 30) << variant;
    EXPECT_GT(context.values.at("checked_share"), 0.97) << variant;
    EXPECT_EQ(context.evidences.count("other_elements"), 0u) << variant;
    EXPECT_EQ(context.texts.at("library_version"), "13.1.0");
    EXPECT_EQ(context.evidences.at("library").at("products"), 6) << "two, three, and the first one";
    digests.insert(context.texts.at("digest"));
    EXPECT_EQ(run(variant).texts, context.texts) << variant;
  }
  EXPECT_EQ(digests.size(), std::size(kVariants));
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(ComputeGemm, WorksForAsLongAsItIsAskedTo) {
  const Emitted context = run("bf16", 5);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_GT(context.evidences.at("library").at("products"), 700);
}

TEST_F(ComputeGemm, AProductThatIsAlwaysWrongHasAnotherDigest) {
  const std::string right = run("bf16").texts.at("digest");
  plant("library_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", 3}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_bf16"}});
  const Emitted context = run("bf16");
  EXPECT_NE(context.texts.at("digest"), right);
  EXPECT_EQ(context.values.at("other_products"), 0);
  EXPECT_EQ(run("fp16").values.at("unexpected_elements"), 0) << "of another datapath";
}

TEST_F(ComputeGemm, AProductThatIsWrongNowAndThenIsCounted) {
  plant("sm_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", 3}, {"gives", 2}, {"every", 30}},
        {{"datapath", "tensor_int8"}});
  const Emitted context = run("int8", 10);
  EXPECT_GT(context.values.at("other_products"), 0);
  const nlohmann::json& first = context.evidences.at("other_elements").at(0);
  EXPECT_NE(first.at("bits"), first.at("of_first_product"));
}

TEST_F(ComputeGemm, WhatIsWrongWithASmallProductIsSaidAndNotTakenForTheGpus) {
  plant("sm_result", {{"every_sm", 1}, {"sub_partition", 4}, {"bit", 40}, {"gives", 2}, {"every", 1}},
        {{"datapath", "tensor_fp64"}});
  EXPECT_GT(run("fp64").values.at("unexpected_elements"), 0);
}

TEST_F(ComputeGemm, AllRanksComputeByTheAlgorithmOfTheFirst) {
  const Emitted alone = run("fp64");
  const std::string other = chosen_where_memory_is_short("fp64");
  Collector with_another(check("compute.gemm"), state_, 0, "fp64");
  with_another.brought_by_the_first = other;
  check("compute.gemm").run(with_another);
  EXPECT_NE(with_another.brought_last, other) << "its own proposal";
  EXPECT_NE(with_another.texts.at("digest"), alone.texts.at("digest")) << "another order of sums";
  Collector with_the_same(check("compute.gemm"), state_, 0, "fp64");
  const auto held = with_the_same.gpu(0).allocate(with_the_same.gpu(0).memory().free_bytes - (3ull << 30));
  with_the_same.brought_by_the_first = with_another.brought_last;
  check("compute.gemm").run(with_the_same);
  EXPECT_EQ(with_the_same.texts.at("digest"), alone.texts.at("digest"));
}

TEST_F(ComputeGemm, AnotherVersionOfTheLibraryIsNoPeer) {
  Collector context(check("compute.gemm"), state_, 0, "bf16");
  context.brought_by_the_first = "13.0.2 " + std::string(64, 'x');
  EXPECT_THROW(check("compute.gemm").run(context), std::runtime_error);
}

}  // namespace
}  // namespace assay
