// NCCL's collectives among several ranks on the only GPU of a bench: that they are right, and that what goes
// wrong or hangs is found, with its rank. How fast they are means nothing, and every page says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <map>
#include <set>

#include "harness/record/reader.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kFunctionalOnly =
    "functional only: 4 NCCL ranks share one GPU; their speed means nothing";

Finished run_bench(const ScratchFolder& scratch, const std::vector<std::string>& more) {
  std::vector<std::string> all{"run",   "--node",          "sim:configs/sim/h200-1gpu.toml",
                               "--sku", "h200-1gpu-bench", "--seed",
                               "1",     "--out",           scratch / "out"};
  all.insert(all.end(), more.begin(), more.end());
  return assay(scratch, all);
}

Finished run_collectives(const ScratchFolder& scratch, const std::vector<std::string>& more = {}) {
  std::vector<std::string> all{"--profile", "collectives"};
  all.insert(all.end(), more.begin(), more.end());
  return run_bench(scratch, all);
}

RunRecord record_of(const ScratchFolder& scratch) {
  return record::read_records(only_run(scratch) + "/records.jsonl");
}

/// What the findings say, one text.
std::string said(const ScratchFolder& scratch) {
  return judge(scratch, only_run(scratch)).at("findings").dump();
}

TEST(RanksOfOneGpu, RunEveryWayThatThereIsWithRealData) {
  const ScratchFolder scratch;
  const Finished run = run_collectives(scratch);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  std::set<std::string> ways;
  const RunRecord record = record_of(scratch);
  for (const Step& step : record.steps) {
    EXPECT_NE(step.check, "collective.bandwidth");
    if (step.check != "collective.correctness") continue;
    ways.insert(step.variant);
    std::vector<double> collectives, spoilt;
    for (const Measurement& value : step.measurements) {
      if (value.name == "collectives") collectives.push_back(std::get<double>(value.value));
      if (value.name == "spoilt_elements") spoilt.push_back(std::get<double>(value.value));
    }
    EXPECT_EQ(collectives.size(), 4u) << "one of each rank";
    EXPECT_THAT(collectives, Each(::testing::Ge(100)));
    EXPECT_THAT(spoilt, ElementsAre(0, 0, 0, 0));
    std::map<std::string, nlohmann::json> evidence;
    for (const Evidence& one : step.evidence) evidence[one.name] = one.content;
    EXPECT_EQ(evidence["coverage"].at("left_out").at("sizes"), nlohmann::json({"1 GiB and 1"}));
    if (step.variant == "by_itself") {
      EXPECT_TRUE(evidence["algorithms"].contains("AllGather PAT SIMPLE")) << evidence["algorithms"];
    }
  }
  EXPECT_EQ(ways, (std::set<std::string>{"by_itself", "ring_ll", "ring_simple", "tree_ll", "tree_simple"}));
}

TEST(RanksOfOneGpu, EveryPageSaysThatItIsFunctionalOnly) {
  const ScratchFolder scratch;
  const Finished run = run_collectives(scratch, {"--only", "collective.*"});
  const std::string folder = only_run(scratch);
  EXPECT_THAT(run.out, HasSubstr(kFunctionalOnly));
  EXPECT_THAT(run.err, HasSubstr("on gpu0 (4 ranks, functional only)"));
  EXPECT_THAT(read_text(folder + "/report.html"), HasSubstr(kFunctionalOnly));
  EXPECT_THAT(assay(scratch, {"report", folder, "--lang", "zh-CN"}).out,
              HasSubstr("仅验证功能：4 个 NCCL rank 共用一块 GPU，其速度无意义"));
  EXPECT_THAT(judge(scratch, folder).at("notes"), Contains(kFunctionalOnly));
}

TEST(RanksOfOneGpu, ThePlanSharesMemoryAndLeavesOutWhatMeansNothing) {
  const ScratchFolder scratch;
  const std::vector<std::string> options{"plan",      "--node",          "sim:configs/sim/h200-1gpu.toml",
                                         "--sku",     "h200-1gpu-bench", "--profile",
                                         "acceptance"};
  const Finished text = assay(scratch, options);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr(kFunctionalOnly));
  EXPECT_THAT(text.out, HasSubstr("node (4 ranks)"));
  EXPECT_THAT(text.out, Not(HasSubstr("collective.bandwidth ")));
  EXPECT_THAT(text.out, HasSubstr("not run: collective.bandwidth: functional only"));
  EXPECT_THAT(text.out, HasSubstr("not run: collective.correctness.nvls: "));
  std::vector<std::string> json = options;
  json.emplace_back("--json");
  int shared = 0;
  const auto plan = nlohmann::json::parse(assay(scratch, json).out);
  for (const auto& stage : plan.at("stages")) {
    for (const auto& placement : stage.at("placements")) {
      const auto& body = placement.at("bodies").at(0);
      const bool of_nccl = body.at("check").get<std::string>().rfind("collective.", 0) == 0;
      EXPECT_EQ(placement.at("participants").size(), of_nccl ? 4u : 1u) << body;
      if (!of_nccl) continue;
      ++shared;
      EXPECT_EQ(body.at("memory_share"), 0.25);
    }
  }
  EXPECT_EQ(shared, 10) << "five ways, of correctness and of locate";
  std::vector<std::string> only = options;
  only.insert(only.end(), {"--only", "collective.bandwidth"});
  const Finished nothing = assay(scratch, only);
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("runs none of these checks: functional only"));
}

/// Of "2026-01-15T08:30:00.000000001Z".
double seconds_of(const std::string& time) {
  std::tm date{};
  strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  const std::string fraction = time.substr(19, time.size() - 1 - 19);
  return static_cast<double>(timegm(&date)) + (fraction.empty() ? 0 : std::stod("0" + fraction));
}

double took(const RunRecord& record, int stage) {
  for (const Step& step : record.steps) {
    if (step.stage == stage && step.check != "telemetry")
      return seconds_of(step.ended) - seconds_of(step.started);
  }
  return -1;
}

/// One estimate for all ways, of which some have fewer collectives.
TEST(RanksOfOneGpu, TakeTheTimeThatThePlanSaysAndNoMoreThanAMinuteAWay) {
  const ScratchFolder scratch;
  run_collectives(scratch);
  const RunRecord record = record_of(scratch);
  for (const Stage& stage : record.plan.stages) {
    if (stage.placements.front().bodies.front().check != "collective.correctness") continue;
    const double took_s = took(record, stage.index);
    EXPECT_LE(took_s, 60) << stage.index;
    EXPECT_NEAR(took_s, stage.estimate_s, stage.estimate_s / 3) << stage.index;
  }
}

TEST(RanksOfOneGpu, WhatIsSpoiltIsTheGpusWithTheRankThatSawIt) {
  const ScratchFolder all, one;
  EXPECT_EQ(run_collectives(all, {"--fault", "collective-corrupts:part=gpu0"}).exit_code, 10);
  EXPECT_THAT(accusations(judge(all, only_run(all))), ElementsAre("collective.miscompare@gpu0"));
  EXPECT_EQ(run_collectives(one, {"--fault", "collective-corrupts:part=gpu0,rank=2,element=17"}).exit_code,
            10);
  EXPECT_THAT(accusations(judge(one, only_run(one))), ElementsAre("collective.miscompare@gpu0"));
  EXPECT_THAT(said(one), HasSubstr("rank 2: all_reduce"));
  EXPECT_THAT(said(one), HasSubstr("the first 17:"));
}

TEST(RanksOfOneGpu, ARankThatNeverEntersIsNamedByRas) {
  const ScratchFolder scratch;
  const Finished run = run_collectives(scratch, {"--fault", "collective-hangs-before:part=gpu0,rank=2"});
  EXPECT_EQ(run.exit_code, 10) << run.out;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), ElementsAre("collective.hung@gpu0"));
  EXPECT_THAT(said(scratch), HasSubstr("rank 2 has begun 3 collectives, others 4"));
}

TEST(RanksOfOneGpu, WhatHangsEndsInAFindingThoughNobodyIsToldFromTheRest) {
  const ScratchFolder scratch;
  const Finished run = run_collectives(scratch, {"--fault", "collective-hangs:part=gpu0"});
  EXPECT_EQ(run.exit_code, 10) << run.out;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), Each(HasSubstr("collective.hung")));
}

TEST(RanksOfOneGpu, ARankThatDiesIsNamed) {
  const ScratchFolder scratch;
  EXPECT_EQ(run_collectives(scratch, {"--fault", "collective-dies:part=gpu0,rank=1"}).exit_code, 11);
  EXPECT_THAT(said(scratch), HasSubstr("rank 1: the worker died"));
}

struct Drill {
  std::string check, verdict, accusation, words;
};

void PrintTo(const Drill& drill, std::ostream* out) {
  *out << drill.check;
}

class Drills : public ::testing::TestWithParam<Drill> {};

/// As silicon/take_evidence runs them on a real GPU, from the same profile.
TEST_P(Drills, AreFoundAtTheirRank) {
  const Drill& drill = GetParam();
  const ScratchFolder scratch;
  run_bench(scratch, {"--profile", "silicon/drill.toml", "--limits", "silicon/drill-limits.toml", "--only",
                      "selftest.collective_" + drill.check});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_EQ(judgement.at("verdict"), drill.verdict);
  EXPECT_THAT(accusations(judgement), Contains(drill.accusation)) << judgement.dump(1);
  EXPECT_THAT(said(scratch), ::testing::ContainsRegex(drill.words));
  bool ras = false;
  for (const auto& file : std::filesystem::directory_iterator(only_run(scratch)))
    ras = ras || file.path().filename().string().find("ras.json") != std::string::npos;
  EXPECT_EQ(ras, drill.check != "spoilt");
  // Who is told of one that is gone does not wait until it is taken for one that hangs.
  const bool told =
      read_text(only_run(scratch) + "/records.jsonl").find("a rank is gone") != std::string::npos;
  EXPECT_EQ(told, drill.check == "killed");
}

INSTANTIATE_TEST_SUITE_P(All, Drills,
                         ::testing::Values(Drill{"spoilt", "REJECT", "collective.miscompare@gpu0",
                                                 "rank 2: all_reduce .* 1 elements wrong, the first"},
                                           Drill{"late", "REJECT", "device.hung@gpu0",
                                                 "rank 2: it did not come to where its peers waited for it"},
                                           Drill{"stopped", "REJECT", "device.hung@gpu0",
                                                 "rank 2: it did not come to where its peers waited for it"},
                                           Drill{"killed", "INCONCLUSIVE", "harness.worker_lost@harness",
                                                 "rank 2: the worker died"}),
                         [](const ::testing::TestParamInfo<Drill>& drill) { return drill.param.check; });

}  // namespace
}  // namespace assay
