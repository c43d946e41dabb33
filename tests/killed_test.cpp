// Runs whose processes are killed half-way, as happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

/// A run that takes seconds, so that it can be caught in the middle: simulated time is paced.
std::vector<std::string> paced_run(const ScratchFolder& scratch, const char* time_scale = "10") {
  return {"run",       "--node",       "sim:configs/sim/h200-8gpu.toml",
          "--profile", "quick",        "--seed",
          "7",         "--time-scale", time_scale,
          "--out",     scratch / "out"};
}

std::string run_folder(const ScratchFolder& scratch) {
  if (!std::filesystem::exists(scratch / "out")) return "";
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "out")) {
    if (entry.path().filename().string().rfind(".starting", 0) != 0) return entry.path().string();
  }
  return "";
}

bool started(const ScratchFolder& scratch, const std::string& step) {
  const std::string folder = run_folder(scratch);
  return !folder.empty() && read_text(folder + "/records.jsonl").find(step) != std::string::npos;
}

struct KilledTest : testing::Test {
  ScratchFolder scratch;
};

TEST_F(KilledTest, AKilledWorkerIsInconclusiveAndAccusesNoGpu) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return started(scratch, "memory.bandwidth-gpu7"); }));
  ASSERT_TRUE(Running::wait_for([&] { return run.children("__worker").size() == 8; }));
  kill(run.children("__worker").front(), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, scratch.only_run())),
              testing::ElementsAre("harness.worker_lost@harness"));
}

TEST_F(KilledTest, AKilledSamplerIsInconclusiveWithTheReason) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return started(scratch, "memory.bandwidth-gpu7"); }));
  kill(run.children("__sampler").at(0), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, scratch.only_run())),
              testing::ElementsAre("harness.telemetry_lost@harness"));
  EXPECT_THAT(finished.out, HasSubstr("Killed"));
}

TEST_F(KilledTest, AKilledSupervisorLeavesWholeLinesAndTheRunGoesOn) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return started(scratch, "memory.sweep-gpu7"); }));
  const auto children = run.children("__");
  kill(run.pid(), SIGKILL);
  run.wait();
  EXPECT_TRUE(Running::wait_for([&] {
    return std::none_of(children.begin(), children.end(), [](pid_t pid) { return kill(pid, 0) == 0; });
  })) << "a child outlived its supervisor";
  const std::string folder = scratch.only_run();
  std::size_t bandwidth_steps = 0;
  for (const auto& line : records(folder)) {
    const auto& step = line.value("testStepArtifact", nlohmann::json::object());
    if (step.contains("testStepEnd") &&
        step.at("testStepId").get<std::string>().find("bandwidth") != std::string::npos) {
      EXPECT_EQ(step.at("testStepEnd").at("status"), "COMPLETE");
      ++bandwidth_steps;
    }
  }
  EXPECT_EQ(bandwidth_steps, 8u);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11) << "an unfinished run is no acceptance";

  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
  const auto lines = records(folder);
  std::size_t starts = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("sequenceNumber"), i);
    starts += lines[i].dump().find("testRunStart") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(starts, 1u);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2) << "an ended run is not resumed";
}

TEST_F(KilledTest, ATornLastLineIsCutWhenTheRunGoesOn) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return started(scratch, "memory.sweep-gpu7"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  const std::string file = scratch.only_run() + "/records.jsonl";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 7);
  EXPECT_EQ(assay(scratch, {"resume", scratch.only_run()}).exit_code, 0);
}

TEST_F(KilledTest, CtrlCEndsCleanlyWithinFiveSecondsAndIsInconclusive) {
  Running run(scratch, paced_run(scratch, "1"));
  ASSERT_TRUE(Running::wait_for([&] { return started(scratch, "memory.bandwidth-gpu7"); }));
  const auto before = std::chrono::steady_clock::now();
  kill(run.pid(), SIGINT);
  const Finished finished = run.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, scratch.only_run())),
              testing::ElementsAre("harness.interrupted@harness"));
  EXPECT_THAT(records(scratch.only_run()).back().dump(), HasSubstr("testRunEnd"));
}

}  // namespace
}  // namespace assay
