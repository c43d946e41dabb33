// A healthy simulated node, from the command line to the report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// All measurements of a run: "step name part" to value.
std::map<std::string, nlohmann::json> measurements(const std::string& run) {
  std::map<std::string, nlohmann::json> result;
  for (const auto& line : records(run)) {
    const auto step = line.find("testStepArtifact");
    if (step == line.end() || !step->contains("measurement")) continue;
    const auto& m = step->at("measurement");
    const std::string key = step->at("testStepId").get<std::string>() + " " +
                            m.at("name").get<std::string>() + " " + m.value("hardwareInfoId", "") + "/" +
                            m.value("/subcomponent/name"_json_pointer, "") +
                            m.value("/metadata/part"_json_pointer, "");
    EXPECT_FALSE(result.count(key)) << key << " twice";
    result[key] = m.at("value");
  }
  return result;
}

struct AcceptanceTest : testing::Test {
  ScratchFolder scratch;
};

TEST_F(AcceptanceTest, AHealthyNodeIsAcceptedAndNeverTakenForReal) {
  const Finished run = run_simulated(scratch);
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("ACCEPT"));
  EXPECT_THAT(run.out, HasSubstr("SIMULATED"));
  const std::string folder = only_run(scratch);
  EXPECT_THAT(folder, HasSubstr("SIMULATED"));
  EXPECT_THAT(run.out, HasSubstr(folder));
  for (const char* file :
       {"plan.json", "criteria.json", "records.jsonl", "telemetry.csv.zst", "report.html", "SHA256SUMS"}) {
    EXPECT_TRUE(std::filesystem::exists(folder + "/" + file)) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(folder + "/simulated-node.state"));
  const auto judgement = judge(scratch, folder);
  EXPECT_EQ(judgement.at("verdict"), "ACCEPT");
  EXPECT_EQ(judgement.at("simulated"), true);
  EXPECT_THAT(accusations(judgement), IsEmpty());
  for (const auto& line : records(folder)) {
    if (const auto step = line.find("testStepArtifact"); step != line.end()) {
      EXPECT_THAT(step->at("testStepId").get<std::string>(), testing::StartsWith("sim-"));
    }
  }
  EXPECT_EQ(std::system(("cd '" + folder + "' && sha256sum --quiet -c SHA256SUMS").c_str()), 0);
}

TEST_F(AcceptanceTest, AVirtualMachineWithEightGpusIsAccepted) {
  const Finished run = assay(scratch, {"run", "--node", "sim:h200-8gpu-vm", "--profile", "links", "--seed",
                                       "1", "--out", scratch / "out", "--quiet"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST_F(AcceptanceTest, WhatIsBetweenTheGpusIsAttachedRecordedAndDrawnInBothLanguages) {
  ASSERT_EQ(assay(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", "acceptance", "--only",
                            "pcie.*,nvlink.*", "--seed", "1", "--out", scratch / "out", "--quiet"})
                .exit_code,
            11);
  const std::string folder = only_run(scratch);
  std::map<std::string, int> files;
  for (const auto& line : records(folder)) {
    if (const auto step = line.find("testStepArtifact"); step != line.end() && step->contains("file")) {
      const std::string name = step->at("file").at("uri").get<std::string>();
      ++files[name.substr(name.rfind('/') + 1)];
    }
  }
  for (const char* check : {"04-nvlink.p2p", "05-nvlink.all_to_all"}) {
    const std::string file = "attachment-sim-" + std::string(check) + "-node-pairs.csv";
    EXPECT_EQ(files[file], 1) << file;
    const std::string table = read_text(folder + "/" + file);
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 56) << file;
  }
  for (const auto& [language, heading] :
       {std::pair{"en", "Between the GPUs"}, std::pair{"zh-CN", "GPU 之间"}}) {
    const std::string page = assay(scratch, {"report", folder, "--format", "html", "--lang", language}).out;
    EXPECT_THAT(page, HasSubstr(heading));
    std::size_t maps = 0;
    for (std::size_t at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1)) ++maps;
    EXPECT_EQ(maps, 7u) << "six ways between two GPUs, and all at once";
  }
}

/// Every seed is another node: its units differ as those of a delivery do, and so does every launch.
TEST_F(AcceptanceTest, FiftyHealthyNodesHaveHealthyLinks) {
  for (int seed = 1; seed <= 50; ++seed) {
    const std::string out = std::to_string(seed);
    const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--profile",
                                         "links", "--seed", out, "--out", scratch / out, "--quiet"});
    EXPECT_EQ(run.exit_code, 0) << "seed " << seed << run.out << run.err;
  }
}

TEST_F(AcceptanceTest, HealthyNodesHaveHealthyCollectives) {
  for (int seed = 1; seed <= 2; ++seed) {
    const std::string out = std::to_string(seed);
    const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--profile",
                                         "collectives", "--seed", out, "--out", scratch / out, "--quiet"});
    EXPECT_EQ(run.exit_code, 0) << "seed " << seed << run.out << run.err;
  }
}

TEST_F(AcceptanceTest, TheSameSeedGivesTheSameMeasurementsAndAnotherSeedOthers) {
  ASSERT_EQ(run_simulated(scratch, {}, "first").exit_code, 0);
  ASSERT_EQ(run_simulated(scratch, {}, "second").exit_code, 0);
  ASSERT_EQ(run_simulated(scratch, {"--seed", "8"}, "third").exit_code, 2) << "--seed twice is an error";
  ASSERT_EQ(assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed", "8", "--out",
                            scratch / "third"})
                .exit_code,
            0);
  const auto first = measurements(only_run(scratch, "first"));
  EXPECT_GT(first.size(), 200u);
  EXPECT_EQ(first, measurements(only_run(scratch, "second")));
  EXPECT_NE(first, measurements(only_run(scratch, "third")));
}

TEST_F(AcceptanceTest, ThreadsGiveTheSameMeasurementsAsProcesses) {
  ASSERT_EQ(run_simulated(scratch, {}, "processes").exit_code, 0);
  ASSERT_EQ(run_simulated(scratch, {"--workers", "thread"}, "threads").exit_code, 0);
  EXPECT_EQ(measurements(only_run(scratch, "processes")), measurements(only_run(scratch, "threads")));
}

TEST_F(AcceptanceTest, AnyOldRunIsJudgedAgainUnderOtherLimits) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  double fastest = 0, slowest = 1e9;
  std::string slowest_part;
  for (const auto& [key, value] : measurements(folder)) {
    if (key.find(" copy_bandwidth ") == std::string::npos) continue;
    fastest = std::max(fastest, value.get<double>());
    if (value.get<double>() < slowest) {
      slowest = value.get<double>();
      slowest_part = key.substr(key.rfind(' ') + 1);
    }
  }
  ASSERT_LT(slowest, fastest);
  const std::string before = read_text(folder + "/records.jsonl");
  // Just above the slowest GPU's copy bandwidth.
  const std::string limits =
      scratch.write("limits.toml",
                    "[[limits]]\ncheck = \"memory.bandwidth\"\n"
                    "measurement = \"copy_bandwidth\"\nmin = \"" +
                        std::to_string(slowest + 1e-3) +
                        " GB/s\"\npeak = \"hbm_bandwidth\"\nfinding = \"memory.slow\"\n"
                        "source = \"raised by the test\"\ndate = \"2026-11-23\"\n");
  const Finished judged = assay(scratch, {"judge", folder, "--limits", limits, "--json"});
  EXPECT_EQ(judged.exit_code, 10) << judged.err;
  EXPECT_THAT(accusations(nlohmann::json::parse(judged.out)), ElementsAre("memory.slow@" + slowest_part));
  EXPECT_EQ(read_text(folder + "/records.jsonl"), before) << "judging wrote into the run";
}

TEST_F(AcceptanceTest, ARunIsNeverWrittenOver) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string first = only_run(scratch);
  const std::string before = read_text(first + "/records.jsonl");
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  EXPECT_EQ(read_text(first + "/records.jsonl"), before);
}

TEST_F(AcceptanceTest, ReportsAreThereInBothLanguages) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  const Finished chinese = assay(scratch, {"report", folder, "--lang", "zh-CN"});
  EXPECT_EQ(chinese.exit_code, 0);
  EXPECT_THAT(chinese.out, HasSubstr("模拟"));
  const Finished html = assay(scratch, {"report", folder, "--format", "html"});
  EXPECT_EQ(html.exit_code, 0);
  EXPECT_THAT(html.out, HasSubstr("SIMULATED"));
  EXPECT_THAT(html.out, Not(HasSubstr("http://")));
  EXPECT_THAT(html.out, Not(HasSubstr("https://")));
}

TEST_F(AcceptanceTest, EveryLineIsValidAgainstTheOcpSchema) {
  const std::string schema = std::string(ASSAY_SOURCE_DIR) + "/../shared/data/ocp-json-schema";
  if (!std::filesystem::exists(schema)) GTEST_SKIP() << "no OCP schema at " << schema;
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string command = "/usr/bin/python3 " ASSAY_SOURCE_DIR "/tests/ocp_schema_check.py '" + schema +
                              "' '" + only_run(scratch) + "/records.jsonl' > '" + (scratch / "schema") +
                              "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_text(scratch / "schema");
}

}  // namespace
}  // namespace assay
