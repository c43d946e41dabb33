#include "harness/model/plan.h"

#include <gtest/gtest.h>

#include <limits>

#include "harness/model/content_hash.h"
#include "harness/testing/stages.h"

namespace assay {
namespace {

using nlohmann::json;

Plan sample_plan() {
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
  plan.stages = {builders::gpu_stage(3, "memory.sweep", {"gpu0", "gpu1"}, {30, 35, 120}),
                 builders::ranks_stage(4, "collective.allreduce", {"gpu0", "gpu1"}, {1, 2, 3}),
                 builders::node_stage(5, "inventory.gpus", {0.5, 1, 2})};
  Placement& special = plan.stages[1].placements[0];
  special.bodies = {{"a.one", "ring", 1, 0.5, {}}, {"a.two", "", 2, 0.25, {0, 2, 0, 0, 0, 0, 8}}};
  special.environment = {{"NCCL_ALGO", "Ring"}};
  special.last_stage = 5;
  special.condition = Condition{{"memory.slow"}, true};
  plan.faults = {{"stuck", "hbm_stuck_bit", "gpu3/hbm", {{"word", 7.0}}}};
  return plan;
}

TEST(Plan, GoesThroughJsonUnchanged) {
  const json written = sample_plan();
  const Plan read = json::parse(written.dump()).get<Plan>();
  EXPECT_EQ(json(read), written);
  EXPECT_EQ(read.seed, std::numeric_limits<std::uint64_t>::max() - 1);
  EXPECT_EQ(read.slots.at(0).board_part_number, "692-2G520");
  EXPECT_EQ(read.stages.at(1).placements.at(0).bodies.at(1).check, "a.two");
  EXPECT_EQ(read.stages.at(1).placements.at(0).condition, sample_plan().stages[1].placements[0].condition);
  EXPECT_EQ(read.stages.at(1).placements.at(0).bodies.at(0).sharers, Sharers{});
  EXPECT_EQ(read.stages.at(1).placements.at(0).bodies.at(1).sharers, (Sharers{0, 2, 0, 0, 0, 0, 8}));
  EXPECT_EQ(read.stages.at(0).deadline_s, 120);
  EXPECT_EQ(read.faults.at(0).parameters.at("word"), 7.0);
  EXPECT_EQ(read.partial, sample_plan().partial);
}

TEST(Plan, SharersAreChecked) {
  const json written = sample_plan();
  json plan = written;
  json& sharers = plan["stages"][1]["placements"][0]["bodies"][1]["sharers"];
  for (const char* wrong :
       {"[2]", R"({"memmory": 2})", R"({"memory": 0})", R"({"memory": -3})", R"({"memory": "2"})"}) {
    sharers = json::parse(wrong);
    EXPECT_ANY_THROW(plan.get<Plan>()) << wrong;
  }
  plan["stages"][1]["placements"][0]["bodies"][1].erase("sharers");
  EXPECT_EQ(plan.get<Plan>().stages[1].placements[0].bodies[1].sharers, kUnshared) << "a plan of schema 2";
}

TEST(Plan, EveryKeyIsRequiredAndChecked) {
  const json written = sample_plan();
  for (const auto& [key, value] : written.items()) {
    if (key == "schema") continue;  // the first schema had none
    json lacking = written;
    lacking.erase(key);
    EXPECT_ANY_THROW(lacking.get<Plan>()) << key;
  }
  json wrong = written;
  wrong["stages"][0]["placements"][0]["bodies"] = json::array();
  EXPECT_ANY_THROW(wrong.get<Plan>());
  wrong = written;
  wrong["seed"] = "0x12zz";
  EXPECT_ANY_THROW(wrong.get<Plan>());
}

TEST(Plan, EveryFieldCountsInTheHash) {
  const json written = sample_plan();
  const std::string hash = content_hash(written);
  for (const auto& [key, value] : written.items()) {
    json changed = written;
    changed[key] = "another";
    EXPECT_NE(content_hash(changed), hash) << key;
  }
}

TEST(Plan, OfTheFirstSchemaIsReadAsPlacements) {
  json old = sample_plan();
  old.erase("schema");
  old["stages"] = json::parse(R"([
    {"index": 0, "check": "i.n", "scope": "node", "parts": ["node"], "duration_s": 0, "estimate_s": 1, "deadline_s": 2},
    {"index": 1, "check": "m.s", "scope": "gpu", "parts": ["gpu0", "gpu1"], "duration_s": 3, "estimate_s": 4, "deadline_s": 5},
    {"index": 2, "check": "c.r", "scope": "ranks", "parts": ["gpu0", "gpu1"], "duration_s": 3, "estimate_s": 4, "deadline_s": 5}])");
  const Plan read = old.get<Plan>();
  EXPECT_EQ(read.schema, 1);
  ASSERT_EQ(read.stages.size(), 3u);
  EXPECT_EQ(read.stages[0].placements.at(0).part, "node");
  EXPECT_TRUE(gpus_of(read.stages[0].placements[0]).empty());
  ASSERT_EQ(read.stages[1].placements.size(), 2u);
  EXPECT_EQ(read.stages[1].placements[1].part, "gpu1");
  EXPECT_EQ(read.stages[1].placements[1].bodies.at(0).duration_s, 3);
  EXPECT_EQ(read.stages[1].group, 1);
  ASSERT_EQ(read.stages[2].placements.size(), 1u);
  EXPECT_EQ(read.stages[2].placements[0].participants.size(), 2u);
  old["stages"][0]["scope"] = "galaxy";
  EXPECT_ANY_THROW(old.get<Plan>());
}

TEST(Plan, OfANewerAssayIsRefusedByName) {
  json newer = sample_plan();
  newer["schema"] = kPlanSchema + 1;
  EXPECT_THROW(newer.get<Plan>(), std::invalid_argument);
}

TEST(StepId, NamesStageCheckVariantPartAndAttempt) {
  Plan plan = sample_plan();
  const Body body{"memory.sweep"};
  EXPECT_EQ(step_id(plan, 3, body, "gpu4", 1), "sim-03-memory.sweep-gpu4");
  EXPECT_EQ(step_id(plan, 3, body, "gpu4", 2), "sim-03-memory.sweep-gpu4-a2");
  EXPECT_EQ(step_id(plan, 3, {"a.one", "ring"}, "gpu0-gpu4", 1), "sim-03-a.one.ring-gpu0-gpu4");
  plan.simulated = false;
  EXPECT_EQ(step_id(plan, 3, body, "gpu4", 1), "03-memory.sweep-gpu4");
}

}  // namespace
}  // namespace assay
