// Nothing is lost and nothing is laundered: ways in which a defective node might be talked into ACCEPT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

struct HonestyTest : testing::Test {
  ScratchFolder scratch;
};

TEST_F(HonestyTest, AnXidThatIsLoggedWhileNobodyLooksIsFoundWhenTheRunGoesOn) {
  const std::string folder = killed_run(scratch);
  std::ofstream(folder + "/simulated-kernel.log", std::ios::app)
      << "NVRM: Xid (PCI:0000:4c:00): 48, pid=1, name=x, An uncorrectable double bit error\n";
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 10) << resumed.out << resumed.err;
  EXPECT_THAT(accusations(judge(scratch, folder)), testing::Contains("device.xid_fatal@gpu0"));
}

TEST_F(HonestyTest, NoFileBesideTheRecordsDecidesWhatIsAttributedAfterAKill) {
  const std::string folder = killed_run(scratch);
  std::ofstream(folder + "/simulated-kernel.log", std::ios::app)
      << "NVRM: Xid (PCI:0000:4c:00): 48, pid=1, name=x, An uncorrectable double bit error\n";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name == "records.jsonl" || name == "plan.json" || name == "criteria.json" ||
                      name.rfind("simulated-", 0) == 0;
    if (!kept) std::filesystem::resize_file(entry.path(), 0);
  }
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

TEST_F(HonestyTest, ALimitThatGuardsAbsenceIsNotLoosened) {
  const std::string limits =
      scratch.write("weak.toml",
                    "[[limits]]\ncheck = \"memory.sweep\"\nmeasurement = \"coverage\"\nmin = \"0 ratio\"\n"
                    "finding = \"memory.coverage\"\nsource = \"wishful thinking\"\ndate = \"2026-11-23\"\n");
  const Finished run = run_simulated(scratch, {"--fault", "memory-held", "--limits", limits});
  EXPECT_EQ(run.exit_code, 2) << run.out;
  EXPECT_THAT(run.err, HasSubstr("memory.sweep/coverage min"));
  ASSERT_EQ(run_simulated(scratch, {"--fault", "memory-held"}).exit_code, 11);
  EXPECT_EQ(assay(scratch, {"judge", only_run(scratch), "--limits", limits}).exit_code, 2);
}

TEST_F(HonestyTest, AnAddedLimitStandsBesideTheVerdict) {
  const std::string limits = copy_bandwidth_limit(scratch, "max", "4800 GB/s");
  const Finished run = run_simulated(scratch, {"--limits", limits});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("limits replaced 1"));
}

/// As the SKU's own reason and docs/limits.md say.
TEST_F(HonestyTest, ANodeThatHasServedIsASkuOfItsOwn) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "rows-remapped"}, "as_new").exit_code, 10);
  std::string sku = read_text(std::string(ASSAY_SOURCE_DIR) + "/configs/skus/h200-sxm-8.toml");
  const std::size_t limit = sku.find("remapped_rows_uncorrected\"");
  sku.replace(sku.find("max = 0", limit), 7, "max = 2");
  const std::string file = scratch.write("served.toml", sku);
  const Finished run = run_simulated(scratch, {"--fault", "rows-remapped", "--sku", file, "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out).at("sku"), file);
}

TEST_F(HonestyTest, AReplacedLimitStandsBesideTheVerdict) {
  const std::string limits = copy_bandwidth_limit(scratch, "min", "3000 GB/s");
  const Finished run = run_simulated(scratch, {"--limits", limits});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("limits replaced 1"));
}

TEST_F(HonestyTest, SomebodysOwnProfileDoesNotGoUnderTheShippedName) {
  const std::string profile = scratch.write("acceptance.toml",
                                            "summary = \"hardly any\"\nsample_hz = 10\nidle_timeout = \"5 "
                                            "s\"\n[[checks]]\ncheck = \"inventory.gpus\"\nduration = \"0 "
                                            "s\"\ndeadline = \"9 s\"\n");
  const Finished run = assay(
      scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile, "--out", scratch / "out", "--json"});
  EXPECT_EQ(nlohmann::json::parse(run.out).at("profile"), profile);
}

TEST_F(HonestyTest, AnEmptyListIsNoList) {
  EXPECT_EQ(run_simulated(scratch, {"--gpus", ","}).exit_code, 2);
  EXPECT_EQ(run_simulated(scratch, {"--only", ","}).exit_code, 2);
}

TEST_F(HonestyTest, ASamplerThatDiesWhileTheNodeIsWaitedForEndsTheWait) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--fault",
                        "foreign-process", "--out", scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "health.counters"); }));
  kill(run.children("__sampler").at(0), SIGKILL);
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("harness.telemetry_lost"));
}

TEST_F(HonestyTest, AFaultInASlotThatTheNodeDoesNotHaveIsRefused) {
  const Finished run = run_simulated(scratch, {"--fault", "gpu-missing:part=gpu9"});
  EXPECT_EQ(run.exit_code, 2) << run.out;
}

TEST_F(HonestyTest, AFaultThatWouldChangeNothingIsRefused) {
  for (const char* fault : {"nvlink-pair-slow:peer=0", "nvlink-pair-corrupts:peer=12"}) {
    const Finished run = run_simulated(scratch, {"--fault", fault});
    EXPECT_EQ(run.exit_code, 2) << fault << run.out;
    EXPECT_THAT(run.err, HasSubstr("there is no other GPU in slot"));
  }
}

}  // namespace
}  // namespace assay
