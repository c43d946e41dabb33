#include "harness/plan/plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace assay {
namespace {

using nlohmann::json;

Plan sample() {
  Plan plan;
  plan.assay_version = "0.1.0";
  plan.sku = "h200-sxm-8";
  plan.profile = "quick";
  plan.node = "sim:node.toml";
  plan.simulated = true;
  plan.certifiable = false;
  plan.partial = {"--only memory.*"};
  plan.seed = std::numeric_limits<std::uint64_t>::max() - 1;
  plan.sample_hz = 5;
  plan.idle_timeout_s = 12.5;
  plan.slots = {{"gpu0", 2, "0000:1b:00.0", "1650", "GPU-1", "692-2G520", "NVIDIA H200"},
                {"gpu1", 1, "", "", "", "", ""}};
  plan.stages = {{3, "memory.sweep", Scope::gpu, {"gpu0", "gpu1"}, 30, 35, 120},
                 {4, "collective.allreduce", Scope::ranks, {"gpu0", "gpu1"}, 1, 2, 3},
                 {5, "inventory.gpus", Scope::node, {"node"}, 0.5, 1, 2},
                 {6, "pcie.h2d", Scope::gpu_serial, {"gpu0"}, 0, 1, 2}};
  plan.faults = {{"stuck", "hbm_stuck_bit", "gpu3/hbm", {{"word", 7.0}}}};
  return plan;
}

TEST(Plan, GoesThroughJsonUnchanged) {
  const json written = sample();
  const Plan read = json::parse(written.dump()).get<Plan>();
  EXPECT_EQ(json(read), written);
  EXPECT_EQ(read.seed, std::numeric_limits<std::uint64_t>::max() - 1);
  EXPECT_EQ(read.slots.at(0).board_part_number, "692-2G520");
  EXPECT_EQ(read.stages.at(3).scope, Scope::gpu_serial);
  EXPECT_EQ(read.stages.at(0).deadline_s, 120);
  EXPECT_EQ(read.faults.at(0).parameters.at("word"), 7.0);
  EXPECT_EQ(read.partial, sample().partial);
}

TEST(Plan, EveryKeyIsRequiredAndChecked) {
  const json written = sample();
  for (const auto& [key, value] : written.items()) {
    json lacking = written;
    lacking.erase(key);
    EXPECT_ANY_THROW(lacking.get<Plan>()) << key;
  }
  json wrong = written;
  wrong["stages"][0]["scope"] = "galaxy";
  EXPECT_ANY_THROW(wrong.get<Plan>());
  wrong = written;
  wrong["seed"] = "0x12zz";
  EXPECT_ANY_THROW(wrong.get<Plan>());
}

TEST(Plan, EveryFieldCountsInTheHash) {
  const json written = sample();
  const std::string hash = content_hash(written);
  for (const auto& [key, value] : written.items()) {
    json changed = written;
    changed[key] = "another";
    EXPECT_NE(content_hash(changed), hash) << key;
  }
}

TEST(StepId, NamesStageCheckPartAndAttempt) {
  Plan plan = sample();
  EXPECT_EQ(step_id(plan, plan.stages[0], "gpu4", 1), "sim-03-memory.sweep-gpu4");
  EXPECT_EQ(step_id(plan, plan.stages[0], "gpu4", 2), "sim-03-memory.sweep-gpu4-a2");
  plan.simulated = false;
  EXPECT_EQ(step_id(plan, plan.stages[0], "gpu4", 1), "03-memory.sweep-gpu4");
}

TEST(StepParts, CollectivesAndNodeChecksAreOneStep) {
  const Plan plan = sample();
  const std::vector<Part> node{"node"}, gpus{"gpu0", "gpu1"}, one{"gpu0"};
  EXPECT_EQ(step_parts(plan.stages[0]), gpus);
  EXPECT_EQ(step_parts(plan.stages[1]), node);
  EXPECT_EQ(step_parts(plan.stages[2]), node);
  EXPECT_EQ(step_parts(plan.stages[3]), one);
}

TEST(ContentHash, IsSha256OverTheSortedText) {
  // FIPS 180-4's algorithm over the two characters {}
  EXPECT_EQ(content_hash(json::object()),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_EQ(content_hash(json::parse(R"({"b":1,"a":2})")), content_hash(json::parse(R"({"a":2,"b":1})")));
  EXPECT_NE(content_hash(json::parse(R"({"a":1})")), content_hash(json::parse(R"({"a":2})")));
}

TEST(ContentHash, SurvivesTextThatIsNoUtf8) {
  const json bad = "\xff";
  EXPECT_EQ(content_hash(bad), content_hash(json("\ufffd")));
}

}  // namespace
}  // namespace assay
