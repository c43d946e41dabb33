// memory.l2 on a simulated GPU: what it emits when all is well, and what each planted fault does to it.
#include <gtest/gtest.h>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class MemoryL2 : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("memory.l2"), state_, duration_s);
    check("memory.l2").run(context);
    return context;
  }
};

TEST_F(MemoryL2, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run(2);
  EXPECT_EQ(context.values.at("bad_words"), 0);
  EXPECT_GT(context.values.at("rate"), 6000);
  EXPECT_TRUE(context.texts.empty());
  EXPECT_TRUE(context.evidences.empty());
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(MemoryL2, NamesTheBitThatTheCacheGetsWrong) {
  plant("l2_wire", {{"bit", 100}, {"value", 1}, {"stride", 8}});
  const Emitted context = run();
  EXPECT_GT(context.values.at("bad_words"), 100);
  EXPECT_EQ(context.texts.at("culprit"), "bit 100 of the data path");
  EXPECT_EQ(context.evidences.at("first_miscompares").at("wrong_bits"), nlohmann::json::array({100}));
}

TEST_F(MemoryL2, IsNotToldOfTheMemoryBehind) {
  plant("hbm_data_wire", {{"bit", 7}, {"value", 1}, {"stride", 1}});
  EXPECT_EQ(run().values.at("bad_words"), 0);
}

}  // namespace
}  // namespace assay
