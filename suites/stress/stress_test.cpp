// The stress checks on a simulated GPU: what they emit when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class StressChecks : public CheckOnSimulatedGpu {
 protected:
  /// One after the other: of two that are open the thread sees the first one's GPU.
  Emitted run(const char* name, double duration_s, const std::string& variant = "") {
    Collector context(check(name), state_, duration_s, variant);
    check(name).run(context);
    return context;
  }
};

TEST_F(StressChecks, EmitAllTheyDeclareOnAHealthyGpu) {
  for (const char* name : {"stress.power", "stress.memory"}) {
    Collector context(check(name), state_, 3);
    check(name).run(context);
    EXPECT_EQ(context.values.size() + context.texts.size(), check(name).measures.size()) << name;
    EXPECT_GE(context.clock().now(), 3 * kSecond) << name;
    EXPECT_EQ(context.last_progress, 1) << name;
    EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0) << name;
  }
}

TEST_F(StressChecks, PowerIsAsFastAsTheLibraryIsAlone) {
  const Emitted power = run("stress.power", 3), alone = run("compute.gemm", 3, "bf16");
  EXPECT_NEAR(power.values.at("rate"), alone.values.at("rate"), 0.01 * alone.values.at("rate"));
  EXPECT_EQ(power.texts.at("digest"), alone.texts.at("digest"));
  EXPECT_EQ(power.values.at("other_products"), 0);
  EXPECT_GT(power.values.at("checked_share"), 0.97);
}

TEST_F(StressChecks, PowerCountsProductsThatAreWrongNowAndThen) {
  plant("sm_result", {{"sm", 7}, {"sub_partition", 4}, {"bit", 3}, {"gives", 2}, {"every", 30}},
        {{"datapath", "tensor_bf16"}});
  Collector context(check("stress.power"), state_, 10);
  check("stress.power").run(context);
  EXPECT_GT(context.values.at("other_products"), 0);
  EXPECT_EQ(context.evidences.count("other_elements"), 1u);
}

TEST_F(StressChecks, PowerIsSlowerWhereTheClockIsHeldDown) {
  const Emitted free = run("stress.power", 3);
  state_->dynamic[0].clock_held_mhz = 1200;
  const Emitted held = run("stress.power", 3);
  EXPECT_NEAR(held.values.at("rate") / free.values.at("rate"), 1200.0 / 1710, 0.02);
}

TEST_F(StressChecks, MemoryFindsWhatIsCopiedWrong) {
  plant("hbm_data_wire", {{"bit", 37}, {"value", 1}, {"stride", 64}});
  Collector context(check("stress.memory"), state_, 2);
  check("stress.memory").run(context);
  EXPECT_GT(context.values.at("bad_words"), 0);
}

}  // namespace
}  // namespace assay
