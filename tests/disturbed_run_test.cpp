// What happens to a run's folder while it is written, or at its end: a kill, a full disk, somebody else's
// hands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "harness/node_sim/state.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

constexpr int kMostOfOurs = 4;  // processes that a run has on one GPU at a time: further places are free

struct DisturbedRun : testing::Test {
  ScratchFolder scratch;
};

TEST_F(DisturbedRun, WhatAKillLeftUnfinishedIsNoneOfTheRunsFiles) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::rename(folder + "/SHA256SUMS", folder + "/SHA256SUMS.tmp");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 0);
}

TEST_F(DisturbedRun, ARunThatWasKilledBeforeItsReportIsFinishedByResume) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::filesystem::remove(folder + "/report.html");
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_TRUE(std::filesystem::exists(folder + "/report.html"));
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 0);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2);
}

TEST_F(DisturbedRun, ARunThatLosesAFileMeanwhileIsNoAcceptanceAtOnce) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--out",
                        scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  std::filesystem::remove(only_run(scratch) + "/telemetry.csv.zst");
  EXPECT_EQ(run.wait().exit_code, 11);
  EXPECT_EQ(assay(scratch, {"judge", only_run(scratch)}).exit_code, 11);
}

TEST_F(DisturbedRun, SomebodyElseWhoComesWhileWeMeasureIsNamedAndExcusesWhatWasSlow) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "2", "--fault",
                        "slow-hbm:part=gpu6/hbm", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu6"); }));
  const std::string folder = only_run(scratch);
  {
    const auto state = sim::SharedState::attach(folder + "/simulated-node.state");
    sim::GpuProcess& process = state->dynamic[sim::gpu_index_of_slot(*state, 6)].processes[kMostOfOurs];
    const auto set = [&](std::int32_t pid) {
      const sim::Lock lock(state->mutex);
      process = {pid, 0, 2048LL << 20};
    };
    set(4711);
    ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "process 4711 holds"); }));
    set(0);
  }
  EXPECT_EQ(run.wait().exit_code, 11);
  EXPECT_EQ(accusations(judge(scratch, folder)),
            std::vector<std::string>{"environment.foreign_process@environment"});
}

TEST_F(DisturbedRun, RecordsThatSomebodyWritesIntoMeanwhileAreNoAcceptanceAndNoBugOfOurs) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--out",
                        scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  std::ofstream(only_run(scratch) + "/records.jsonl", std::ios::app) << "{}\n";
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11);
  EXPECT_THAT(finished.err, HasSubstr("were changed while"));
}

TEST_F(DisturbedRun, ARunThatWasMovedGoesOnWhereItIsNow) {
  const std::string moved = scratch / "elsewhere";
  std::filesystem::rename(killed_run(scratch), moved);
  EXPECT_EQ(assay(scratch, {"resume", moved}).exit_code, 0);
}

TEST_F(DisturbedRun, NothingIsWrittenThroughALink) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch), victim = scratch.write("victim", "mine");
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::filesystem::create_symlink(victim, folder + "/SHA256SUMS.tmp");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
  EXPECT_EQ(read_text(victim), "mine");
}

TEST_F(DisturbedRun, APipeInPlaceOfAFileIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::remove(folder + "/criteria.json");
  ASSERT_EQ(mkfifo((folder + "/criteria.json").c_str(), 0600), 0);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 2);
}

}  // namespace
}  // namespace assay
