// A profile of node checks only: it gives a verdict like any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

class NodeChecksOnly : public testing::Test {
 protected:
  Finished run(const std::vector<std::string>& more = {}) { return assay(scratch, arguments(more)); }

  std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::string profile = "summary = \"a look, without work\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n";
    for (const char* check : {"inventory.gpus", "health.counters"}) {
      profile +=
          "[[checks]]\ncheck = \"" + std::string(check) + "\"\nduration = \"0 s\"\ndeadline = \"30 s\"\n";
    }
    std::vector<std::string> words{
        "run",    "--node", "sim:h200-8gpu", "--profile",    scratch.write("look.toml", profile),
        "--seed", "7",      "--out",         scratch / "out"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  ScratchFolder scratch;
};

TEST_F(NodeChecksOnly, NoTwoGpusHaveOneSerialNumber) {
  run({"--fault", "nvml-answer:function=nvmlDeviceGetSerial,text=1753724032118,part=gpu1"});
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("inventory.identity_repeated@gpu0", "inventory.identity_repeated@gpu1"));
}

TEST(GpusWithoutAPlace, AllAreOneFindingWhichTakesTheirSwitchesAlong) {
  const ScratchFolder scratch;
  std::vector<std::string> arguments{"--profile", "inventory", "--workers", "thread"};
  for (int gpu = 0; gpu < 8; ++gpu) {
    arguments.push_back("--fault");
    arguments.push_back("nvml-answer:function=nvmlDeviceGetPciInfo_v3,error=unknown_error,part=gpu" +
                        std::to_string(gpu));
  }
  EXPECT_EQ(run_simulated(scratch, arguments).exit_code, 11);
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("inventory.place_unknown@environment"));
}

TEST_F(NodeChecksOnly, AHealthyNodeIsAccepted) {
  const Finished finished = run();
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
}

TEST_F(NodeChecksOnly, WhatTheySeeIsRejected) {
  EXPECT_EQ(run({"--fault", "gpu-missing"}).exit_code, 10);
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("inventory.gpu_missing@gpu4"));
}

TEST_F(NodeChecksOnly, WhatADeviceSaysIsRejected) {
  EXPECT_EQ(run({"--fault", "remap-failure"}).exit_code, 10);
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("memory.remap_failure@gpu6/hbm"));
}

/// A GPU in service was reset for what it logged once: it is told, and not held against it.
TEST_F(NodeChecksOnly, WhatWasLoggedBeforeTheRunIsJudgedByWhetherTheNodeIsNew) {
  const auto profile = [&](const std::string& state) {
    return scratch.write("log.toml", "summary = \"the log\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n" +
                                         state +
                                         "[[checks]]\ncheck = \"health.kernel_log\"\nduration = \"0 s\"\n"
                                         "deadline = \"30 s\"\n");
  };
  const auto judged = [&](const std::string& state, const std::string& out) {
    assay(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile(state), "--seed", "7", "--fault",
                    "xid-before", "--out", scratch / out});
    return judge(scratch, only_run(scratch, out));
  };
  const auto delivered = judged("", "new");
  EXPECT_THAT(accusations(delivered), testing::ElementsAre("device.xid_before@gpu2"));
  const auto in_service = judged("in_service = true\n", "old");
  EXPECT_EQ(in_service.at("verdict"), "ACCEPT");
  EXPECT_THAT(in_service.at("notes").dump(), testing::HasSubstr("before the run: Xid 48"));
}

/// A planted Xid waits for a kernel of ours. This one comes while nothing runs.
TEST_F(NodeChecksOnly, AnXidIsRejected) {
  Running running(scratch, arguments({"--workers", "thread"}));
  const auto records_of_run = [&]() -> std::string {
    if (!std::filesystem::exists(scratch / "out")) return "";
    for (const auto& entry : std::filesystem::directory_iterator(scratch / "out")) {
      std::string text = read_text(entry.path() / "records.jsonl");
      if (!text.empty()) return text;
    }
    return "";
  };
  ASSERT_TRUE(
      Running::wait_for([&] { return records_of_run().find("inventory.gpus") != std::string::npos; }));
  kill(running.pid(), SIGSTOP);
  const bool too_late = records_of_run().find("sim-02-telemetry") != std::string::npos;
  std::ofstream(only_run(scratch) + "/simulated-kernel.log", std::ios::app)
      << "NVRM: Xid (PCI:0000:4c:00): 48, pid=1, name=x, An uncorrectable double bit error\n";
  kill(running.pid(), SIGCONT);
  const Finished finished = running.wait();
  if (too_late) GTEST_SKIP() << "the run was over before it could be stopped";
  EXPECT_EQ(finished.exit_code, 10) << finished.out << finished.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), testing::ElementsAre("device.xid_fatal@gpu0"));
}

}  // namespace
}  // namespace assay
