// Nothing is lost and nothing is laundered: ways in which a defective node might be talked into ACCEPT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

struct HonestyTest : testing::Test {
  ScratchFolder scratch;

  std::string run_folder() const {
    if (!std::filesystem::exists(scratch / "out")) return "";
    for (const auto& entry : std::filesystem::directory_iterator(scratch / "out")) {
      if (entry.path().filename().string().front() != '.') return entry.path().string();
    }
    return "";
  }

  bool reached(const std::string& step) const {
    const std::string folder = run_folder();
    return !folder.empty() && read_text(folder + "/records.jsonl").find(step) != std::string::npos;
  }

  /// A run that is killed during the sweep; its folder.
  std::string killed_run() {
    Running run(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed", "7", "--time-scale",
                          "10", "--out", scratch / "out"});
    EXPECT_TRUE(Running::wait_for([&] { return reached("memory.sweep-gpu7"); }));
    kill(run.pid(), SIGKILL);
    run.wait();
    return scratch.only_run();
  }
};

TEST_F(HonestyTest, AnXidThatIsLoggedWhileNobodyLooksIsFoundWhenTheRunGoesOn) {
  const std::string folder = killed_run();
  std::ofstream(folder + "/simulated-kernel.log", std::ios::app)
      << "NVRM: Xid (PCI:0000:4c:00): 48, pid=1, name=x, An uncorrectable double bit error\n";
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 10) << resumed.out << resumed.err;
  EXPECT_THAT(accusations(judge(scratch, folder)), testing::Contains("device.xid_fatal@gpu0"));
}

TEST_F(HonestyTest, AFatalNvswitchErrorIsFoundThoughItNamesNoGpu) {
  const Finished run = run_simulated(scratch, {"--fault", "nvswitch-error"});
  EXPECT_EQ(run.exit_code, 10) << run.out;
  EXPECT_THAT(run.out, HasSubstr("SXid"));
}

TEST_F(HonestyTest, ALimitThatTellsSoundFromDefectiveIsNotLoosened) {
  const std::string limits =
      scratch.write("weak.toml",
                    "[[limits]]\ncheck = \"memory.sweep\"\nmeasurement = \"bad_words\"\nmax = "
                    "1000000000\nfinding = \"memory.miscompare\"\n"
                    "source = \"wishful thinking\"\ndate = \"2026-11-23\"\n");
  const Finished run = run_simulated(scratch, {"--fault", "data-wire", "--limits", limits});
  EXPECT_EQ(run.exit_code, 2) << run.out;
  EXPECT_THAT(run.err, HasSubstr("tightened, not loosened"));
}

TEST_F(HonestyTest, AReplacedLimitStandsBesideTheVerdict) {
  const std::string limits = scratch.write(
      "other.toml",
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\nmin = \"3000 GB/s\"\npeak "
      "= "
      "\"hbm_bandwidth\"\nfinding = \"memory.slow\"\nsource = \"the test\"\ndate = \"2026-11-23\"\n");
  const Finished run = run_simulated(scratch, {"--limits", limits});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("limits replaced 1"));
}

TEST_F(HonestyTest, SomebodysOwnProfileDoesNotGoUnderTheShippedName) {
  const std::string profile = scratch.write("acceptance.toml",
                                            "summary = \"hardly any\"\nsample_hz = 10\nidle_timeout = \"5 "
                                            "s\"\n[[checks]]\ncheck = \"inventory.gpus\"\nduration = \"0 "
                                            "s\"\nestimate = \"1 s\"\ndeadline = \"9 s\"\n");
  const Finished run = assay(
      scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile, "--out", scratch / "out", "--json"});
  EXPECT_EQ(nlohmann::json::parse(run.out).at("profile"), profile);
}

TEST_F(HonestyTest, AnEmptyListIsNoList) {
  EXPECT_EQ(run_simulated(scratch, {"--gpus", ","}).exit_code, 2);
  EXPECT_EQ(run_simulated(scratch, {"--only", ","}).exit_code, 2);
}

TEST_F(HonestyTest, WhatWasChangedSinceTheRunEndedIsNoticed) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  std::filesystem::remove(folder + "/telemetry.csv.zst");
  const Finished judged = assay(scratch, {"judge", folder});
  EXPECT_EQ(judged.exit_code, 2);
  EXPECT_THAT(judged.err, HasSubstr("telemetry.csv.zst"));
}

TEST_F(HonestyTest, ARecordThatWasTakenOutIsNoticed) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::string kept;
  for (const auto& line : records(folder)) {
    if (line.dump().find("\"coverage\"") == std::string::npos) kept += line.dump() + "\n";
  }
  std::ofstream(folder + "/records.jsonl") << kept;
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 2) << "the sequence has gaps";
}

TEST_F(HonestyTest, ASamplerThatDiesWhileTheNodeIsWaitedForEndsTheWait) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--fault",
                        "foreign-process", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return reached("health.counters"); }));
  kill(run.children("__sampler").at(0), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("harness.telemetry_lost"));
}

TEST_F(HonestyTest, AFaultInASlotThatTheNodeDoesNotHaveIsRefused) {
  const Finished run = run_simulated(scratch, {"--fault", "gpu-missing:part=gpu9"});
  EXPECT_EQ(run.exit_code, 2) << run.out;
}

}  // namespace
}  // namespace assay
