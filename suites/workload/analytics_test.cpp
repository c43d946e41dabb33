// workload.analytics on a simulated GPU: what it emits when all is well, and what planted faults do to it.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

const char* const kVariants[] = {"scan", "sort", "join"};

class WorkloadAnalytics : public CheckOnSimulatedGpu {
 protected:
  Emitted run(const std::string& variant, double duration_s = 0, int slot = kSlot) {
    Collector context(check("workload.analytics"), state_, duration_s, variant);
    sim::SharedState& state = state_;
    JumpingClock clock;
    std::unique_ptr<sim::SimGpu> other;
    if (slot != kSlot) {
      other = std::make_unique<sim::SimGpu>(state, slot, clock, 1);
      context.instead = other.get();
    }
    check("workload.analytics").run(context);
    return context;
  }
};

TEST_F(WorkloadAnalytics, EmitsAllItDeclaresOnAHealthyGpu) {
  EXPECT_EQ(check("workload.analytics").variants.size(), std::size(kVariants));
  add_gpu(5);
  std::set<std::string> digests;
  for (const char* variant : kVariants) {
    const Emitted context = run(variant);
    EXPECT_EQ(context.values.at("wrong_values"), 0) << variant;
    EXPECT_EQ(context.values.at("other_results"), 0) << variant;
    EXPECT_EQ(context.evidences.count("first_wrong_values"), 0u) << variant;
    EXPECT_EQ(context.evidences.at("repetitions").at("count"), 6);
    digests.insert(context.texts.at("digest"));
    EXPECT_EQ(run(variant, 0, 5).texts, context.texts) << variant;
  }
  EXPECT_EQ(digests.size(), std::size(kVariants));
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(WorkloadAnalytics, IsAsFastAsItsLimiterAllows) {
  EXPECT_NEAR(run("scan", 1).values.at("rate"), 340, 60);
  EXPECT_NEAR(run("sort", 1).values.at("rate"), 36, 8);
  EXPECT_NEAR(run("join", 1).values.at("rate"), 25, 8);
}

TEST_F(WorkloadAnalytics, WorksForAsLongAsItIsAskedTo) {
  const Emitted context = run("scan", 3);
  EXPECT_EQ(context.last_progress, 1);
  EXPECT_GT(context.evidences.at("repetitions").at("count"), 500);
}

/// Alike every time: repetitions agree, and only what arithmetic knows tells.
TEST_F(WorkloadAnalytics, ABitThatIsAlwaysWrongIsFoundByWhatIsKnown) {
  const std::string right = run("scan").texts.at("digest");
  plant("sm_result", {{"sm", 1}, {"sub_partition", 4}, {"bit", 3}, {"gives", 1}, {"every", 1}},
        {{"datapath", "integer"}});
  const Emitted context = run("scan");
  EXPECT_GT(context.values.at("wrong_values"), 6);
  EXPECT_EQ(context.values.at("other_results"), 0);
  EXPECT_NE(context.texts.at("digest"), right);
  const nlohmann::json& first = context.evidences.at("first_wrong_values").at(0);
  EXPECT_NE(first.at("expected"), first.at("actual"));
}

TEST_F(WorkloadAnalytics, ARowThatIsWrongNowAndThenIsFound) {
  plant("sm_result", {{"sm", 0}, {"sub_partition", 4}, {"bit", 40}, {"gives", 2}, {"every", 300}},
        {{"datapath", "load_store"}});
  const Emitted context = run("sort");
  EXPECT_GT(context.values.at("wrong_values"), 0);
  EXPECT_GT(run("join").values.at("wrong_values"), 0);
}

}  // namespace
}  // namespace assay
