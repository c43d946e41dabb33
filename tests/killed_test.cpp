// Runs whose processes are killed half-way, as happens.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "harness/ipc/channel.h"
#include "harness/ipc/child.h"
#include "harness/node_real/real_backend.h"
#include "harness/telemetry/sampler.h"
#include "tests/kill.h"

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

struct KilledTest : testing::Test {
  ScratchFolder scratch;
};

TEST_F(KilledTest, AKilledWorkerIsInconclusiveAndAccusesNoGpu) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  ASSERT_TRUE(Running::wait_for([&] { return run.children("__worker").size() == 8; }));
  kill(run.children("__worker").front(), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("harness.worker_lost@harness"));
}

TEST_F(KilledTest, AKilledSamplerIsInconclusiveWithTheReason) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  kill(run.children("__sampler").at(0), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("harness.telemetry_lost@harness"));
  EXPECT_THAT(finished.out, HasSubstr("Killed"));
}

/// What health.network found at the run's beginning outlives the kill.
TEST_F(KilledTest, APortThatWasLostBeforeTheKillIsLost) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", "links", "--time-scale", "10",
                        "--fault", "port-lost", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "nvlink.all_to_all"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  assay(scratch, {"resume", only_run(scratch), "--quiet"});
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), testing::ElementsAre("host.port_lost@node"));
}

TEST_F(KilledTest, WorkersThatHangAndTheSamplerEndWithTheirSupervisor) {
  const std::string profile = selftest_profile(scratch, "hang_hard", "60 s");
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile, "--limits",
                        "suites/selftest/limits.toml", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return run.children("__worker").size() == 8; }));
  const auto children = run.children("__");
  EXPECT_EQ(children.size(), 9u);
  kill(run.pid(), SIGKILL);
  run.wait();
  EXPECT_TRUE(all_end(children));
}

/// Starts `assay __sampler` as the child of a process that is no supervisor, and holds its channel here: what
/// ends it is its parent's death alone.
struct OrphanedSampler {
  pid_t parent = 0, sampler = 0;
  ipc::SocketPair sockets = ipc::make_socket_pair();
  int report[2]{-1, -1};

  OrphanedSampler() {
    EXPECT_EQ(pipe(report), 0);
    parent = fork();
    if (parent != 0) {
      EXPECT_EQ(read(report[0], &sampler, sizeof(sampler)), static_cast<ssize_t>(sizeof(sampler)));
      return;
    }
    const pid_t child = fork();
    if (child == 0) {
      dup2(sockets.child.get(), ipc::kChannelDescriptor);
      execl(ASSAY_BINARY, "assay", "__sampler", nullptr);
      _exit(127);
    }
    const bool told = write(report[1], &child, sizeof(child)) == static_cast<ssize_t>(sizeof(child));
    if (told) {
      for (;;) pause();
    }
    _exit(1);
  }
};

TEST_F(KilledTest, ASamplerOnARealClockEndsWithItsParent) {
  OrphanedSampler orphan;
  ipc::Channel channel(orphan.sockets.parent.get());
  channel.send(
      telemetry::SamplerStart{real_sampler_address(scratch.write("kernel.log", ""), ASSAY_SIMULATED_NVML)});
  ASSERT_TRUE(channel.receive()->contains("ready"));
  channel.send({{"record", {{"path", scratch / "series"}, {"hz", 10}, {"parts", nlohmann::json::object()}}}});
  ASSERT_TRUE(channel.receive()->contains("recording"));
  ASSERT_TRUE(lives(orphan.sampler));
  kill(orphan.parent, SIGKILL);
  waitpid(orphan.parent, nullptr, 0);
  EXPECT_TRUE(all_end({orphan.sampler}));
}

/// Its parent may die between its start and its first instruction, while somebody else still holds the
/// channel.
TEST_F(KilledTest, AWorkerWhoseParentIsGoneDoesNotBegin) {
  const ipc::SocketPair sockets = ipc::make_socket_pair();
  const auto exit_status = [&](pid_t supervisor) {
    const pid_t worker = fork();
    if (worker == 0) {
      dup2(fcntl(sockets.child.get(), F_DUPFD, 10), ipc::kChannelDescriptor);
      setenv("ASSAY_SUPERVISOR_PID", std::to_string(supervisor).c_str(), 1);
      execl(ASSAY_BINARY, "assay", "__worker", nullptr);
      _exit(127);
    }
    int status = 0;
    for (int i = 0; i < 200; ++i) {
      if (waitpid(worker, &status, WNOHANG) == worker) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(worker, SIGKILL);
    waitpid(worker, &status, 0);
    return -2;  // it waited for its assignment
  };
  EXPECT_EQ(exit_status(1), 0);
  EXPECT_EQ(exit_status(getpid()), -2);
}

TEST_F(KilledTest, AKilledSupervisorLeavesWholeLinesAndTheRunGoesOn) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  const auto children = run.children("__");
  kill(run.pid(), SIGKILL);
  run.wait();
  EXPECT_TRUE(all_end(children));
  const std::string folder = only_run(scratch);
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
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  const std::string file = only_run(scratch) + "/records.jsonl";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 7);
  EXPECT_EQ(assay(scratch, {"resume", only_run(scratch)}).exit_code, 0);
}

TEST_F(KilledTest, KilledTwiceInOneStageItStillGoesOnToItsEnd) {
  std::string folder;
  for (const std::vector<std::string>& arguments : {paced_run(scratch), {"resume", "FOLDER"}}) {
    std::vector<std::string> words = arguments;
    if (!folder.empty()) words = {"resume", folder};
    const std::string step = folder.empty() ? "memory.sweep-gpu7" : "memory.sweep-gpu7-a2";
    Running run(scratch, words);
    ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", step); }));
    kill(run.pid(), SIGKILL);
    run.wait();
    folder = only_run(scratch);
  }
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
}

TEST_F(KilledTest, AHangThatWasKilledInItsRepeatIsStillTheGpus) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "1", "--profile", "quick", "--fault",
                        "worker-hang", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu4-a2"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  const Finished resumed = assay(scratch, {"resume", only_run(scratch)});
  EXPECT_EQ(resumed.exit_code, 10) << resumed.out << resumed.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), testing::ElementsAre("device.hung@gpu4"));
}

TEST_F(KilledTest, AResumeRightAfterTheKillWaitsForWhatIsLeftOfTheRun) {
  int killed_runs = 0;
  for (unsigned i = 0; i < 12; ++i) {
    const std::string out = scratch / ("out" + std::to_string(i));
    const bool killed =
        kill_at_size(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--out", out, "--quiet"}, out,
                     60'000 + std::uintmax_t{15'000} * i);
    if (!killed) continue;
    ++killed_runs;
    const Finished resumed = assay(scratch, {"resume", published_run(out), "--quiet"});
    ASSERT_EQ(resumed.exit_code, 0) << i << resumed.out << resumed.err;
  }
  EXPECT_GE(killed_runs, 4);
}

TEST_F(KilledTest, AProcessOfTheKilledRunThatDoesNotEndIsNamed) {
  const std::string out = scratch / "out";
  ASSERT_TRUE(
      kill_at_size(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--out", out}, out, 80'000));
  const std::string folder = only_run(scratch);
  const int held = open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 2) << resumed.out;
  EXPECT_THAT(resumed.err, HasSubstr("process " + std::to_string(getpid())));
  close(held);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
}

TEST_F(KilledTest, ALiveRunIsNamedAlsoThroughASymbolicLink) {
  Running run(scratch, paced_run(scratch, "1"));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  std::filesystem::create_directory_symlink(scratch / "out", scratch / "link");
  const Finished resumed = assay(scratch, {"resume", published_run(scratch / "link")});
  EXPECT_EQ(resumed.exit_code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("process " + std::to_string(run.pid())));
  kill(run.pid(), SIGKILL);
  run.wait();
}

TEST_F(KilledTest, AWorkerThatDoesNotEndIsWaitedForAndNamed) {
  const std::string out = scratch / "out";
  ASSERT_TRUE(
      kill_at_size(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--out", out}, out, 80'000));
  const std::string folder = only_run(scratch);
  const int lock = open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  ipc::SocketPair sockets = ipc::make_socket_pair();
  const pid_t worker = fork();  // waits for its assignment, with the run's lock in its hands
  if (worker == 0) {
    const int channel = fcntl(sockets.child.get(), F_DUPFD, 10), held = fcntl(lock, F_DUPFD, 10);
    dup2(channel, ipc::kChannelDescriptor);
    dup2(held, ipc::kRunLockDescriptor);
    execl(ASSAY_BINARY, "assay", "__worker", nullptr);
    _exit(127);
  }
  close(lock);
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 11) << resumed.out;
  EXPECT_THAT(resumed.err, HasSubstr("process " + std::to_string(worker) + " (assay __worker"));
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
}

TEST_F(KilledTest, ASecondCtrlCRightAfterTheFirstIsTheSameOne) {
  const std::string profile = selftest_profile(scratch, "hang_hard", "60 s");  // takes a second to be ended
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile, "--limits",
                        "suites/selftest/limits.toml", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "\"measurement\""); }));
  kill(run.pid(), SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(run.pid(), SIGINT);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("INCONCLUSIVE"));
  const std::string folder = only_run(scratch);
  EXPECT_TRUE(std::filesystem::exists(folder + "/report.html"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/SHA256SUMS"));
}

TEST_F(KilledTest, CtrlBackslashIsAKillAndTheRunCanGoOn) {
  Running run(scratch, paced_run(scratch));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  kill(run.pid(), SIGQUIT);
  EXPECT_EQ(run.wait().exit_code, -1);
  EXPECT_EQ(assay(scratch, {"resume", only_run(scratch)}).exit_code, 0);
}

TEST_F(KilledTest, CtrlCEndsCleanlyWithinFiveSecondsAndIsInconclusive) {
  Running run(scratch, paced_run(scratch, "1"));
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  const auto before = std::chrono::steady_clock::now();
  kill(run.pid(), SIGINT);
  const Finished finished = run.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_EQ(finished.exit_code, 11) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("harness.interrupted@harness"));
  EXPECT_THAT(records(only_run(scratch)).back().dump(), HasSubstr("testRunEnd"));
}

}  // namespace
}  // namespace assay
