// Nothing is lost and nothing is laundered: ways in which a defective node might be talked into ACCEPT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "harness/plan/plan.h"
#include "harness/run/checksums.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

struct HonestyTest : testing::Test {
  ScratchFolder scratch;

  /// A run that is killed during the sweep; its folder.
  std::string killed_run() {
    Running run(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed", "7", "--time-scale",
                          "10", "--out", scratch / "out"});
    EXPECT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
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

TEST_F(HonestyTest, NoFileBesideTheRecordsDecidesWhatIsAttributedAfterAKill) {
  const std::string folder = killed_run();
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
  EXPECT_EQ(assay(scratch, {"judge", scratch.only_run(), "--limits", limits}).exit_code, 2);
}

TEST_F(HonestyTest, AnAddedLimitStandsBesideTheVerdict) {
  const std::string limits = scratch.write(
      "more.toml",
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\nmax = \"4800 "
      "GB/s\"\npeak = \"hbm_bandwidth\"\nfinding = \"memory.slow\"\nsource = \"the test\"\ndate = "
      "\"2026-11-23\"\n");
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

/// Rewrites each record of a run.
void edit_records(const std::string& folder, const std::function<void(nlohmann::json&)>& edit) {
  std::string text;
  for (nlohmann::json line : records(folder)) {
    edit(line);
    text += line.dump() + "\n";
  }
  std::ofstream(folder + "/records.jsonl") << text;
}

void erase_bad_words(nlohmann::json& line) {
  const auto measurement = nlohmann::json::json_pointer("/testStepArtifact/measurement");
  if (line.contains(measurement) && line[measurement].at("name") == "bad_words")
    line[measurement]["value"] = 0;
}

TEST_F(HonestyTest, ASimulatedRunThatIsEditedToLookRealIsStillSimulated) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  auto plan = nlohmann::json::parse(read_text(folder + "/plan.json"));
  plan["simulated"] = false;
  std::ofstream(folder + "/plan.json") << plan.dump();
  edit_records(folder, [&](nlohmann::json& line) {
    const auto parameters = nlohmann::json::json_pointer("/testRunArtifact/testRunStart/parameters");
    if (!line.contains(parameters)) return;
    line[parameters]["plan"] = plan;
    line[parameters]["plan_hash"] = content_hash(plan);
  });
  std::filesystem::remove(folder + "/SHA256SUMS");
  const Finished judged = assay(scratch, {"judge", folder, "--json"});
  EXPECT_EQ(judged.exit_code, 11) << judged.out;
  const auto judgement = nlohmann::json::parse(judged.out);
  EXPECT_EQ(judgement.at("simulated"), true);
  EXPECT_THAT(judgement.at("notes").dump(), HasSubstr("contradicts itself"));
  EXPECT_THAT(assay(scratch, {"report", folder}).out, HasSubstr("SIMULATED"));
}

TEST_F(HonestyTest, ARunThatWasClosedWithAnotherVerdictIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = scratch.only_run();
  edit_records(folder, erase_bad_words);
  const std::string sums = read_text(folder + "/SHA256SUMS");
  for (const char* what : {"removed", "empty", "shortened", "remade"}) {
    const std::string path = folder + "/SHA256SUMS";
    std::filesystem::remove(path);
    if (what == std::string("empty")) std::ofstream(path).flush();
    if (what == std::string("shortened")) {
      std::string kept;
      std::istringstream lines(sums);
      for (std::string line; std::getline(lines, line);) {
        if (line.find("records.jsonl") == std::string::npos) kept += line + "\n";
      }
      std::ofstream(path) << kept;
    }
    if (what == std::string("remade")) std::ofstream(path) << run::checksums_of_folder(folder);
    const Finished judged = assay(scratch, {"judge", folder});
    EXPECT_EQ(judged.exit_code, 11) << what << judged.out;
    EXPECT_THAT(judged.out, HasSubstr("closed with REJECT")) << what;
    EXPECT_EQ(assay(scratch, {"report", folder}).out.find("VERDICT: ACCEPT"), std::string::npos) << what;
  }
}

TEST_F(HonestyTest, NeitherOtherLimitsNorAnotherHashLeadAwayFromTheRecordedVerdict) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = scratch.only_run();
  edit_records(folder, erase_bad_words);
  std::ofstream(folder + "/SHA256SUMS") << run::checksums_of_folder(folder);
  const std::string limits = scratch.write(
      "other.toml",
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\nmin = \"3700 GB/s\"\npeak "
      "= "
      "\"hbm_bandwidth\"\nfinding = \"memory.slow\"\nsource = \"the test\"\ndate = \"2026-11-23\"\n");
  const Finished judged = assay(scratch, {"judge", folder, "--limits", limits});
  EXPECT_EQ(judged.exit_code, 11) << judged.out << judged.err;
  EXPECT_THAT(judged.out, HasSubstr("closed with REJECT"));

  edit_records(folder, [](nlohmann::json& line) {
    const auto hash = nlohmann::json::json_pointer("/testStepArtifact/extension/content/criteria_hash");
    if (line.contains(hash)) line[hash] = "sha256:another";
  });
  std::filesystem::remove(folder + "/SHA256SUMS");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 11);
  EXPECT_THAT(assay(scratch, {"judge", folder}).out, HasSubstr("other criteria"));
}

TEST_F(HonestyTest, WhatLiesBesideTheRecordsTellsThatTheyWereSimulated) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  auto plan = nlohmann::json::parse(read_text(folder + "/plan.json"));
  plan["simulated"] = false;
  plan["node"] = "local";
  std::ofstream(folder + "/plan.json") << plan.dump();
  edit_records(folder, [&](nlohmann::json& line) {
    std::string text = line.dump();
    for (const auto& [from, to] :
         {std::pair{"sim-", "s-"}, std::pair{"sim:", "s:"}, std::pair{" SIMULATED", ""},
          std::pair{"a simulated node", "rack 7"}, std::pair{"\"simulated\":true", "\"simulated\":false"}}) {
      for (std::size_t at; (at = text.find(from)) != std::string::npos;)
        text.replace(at, std::strlen(from), to);
    }
    line = nlohmann::json::parse(text);
    const auto parameters = nlohmann::json::json_pointer("/testRunArtifact/testRunStart/parameters");
    if (!line.contains(parameters)) return;
    line[parameters]["plan"] = plan;
    line[parameters]["plan_hash"] = content_hash(plan);
  });
  std::ofstream(folder + "/SHA256SUMS") << run::checksums_of_folder(folder);
  const auto judgement_of = [&](const std::string& run) {
    return nlohmann::json::parse(assay(scratch, {"judge", run, "--json"}).out);
  };
  EXPECT_EQ(judgement_of(folder).at("simulated"), true);
  EXPECT_EQ(judgement_of(folder).at("verdict"), "INCONCLUSIVE");
  const std::string renamed = scratch / "real";
  std::filesystem::rename(folder, renamed);
  EXPECT_EQ(judgement_of(renamed).at("simulated"), true) << "its kernel log";
}

TEST_F(HonestyTest, WhatAKillLeftUnfinishedIsNoneOfTheRunsFiles) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  std::filesystem::rename(folder + "/SHA256SUMS", folder + "/SHA256SUMS.tmp");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 0);
}

TEST_F(HonestyTest, ARunWhoseCriteriaOrPlanWereExchangedAfterwardsIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "slow-hbm"}).exit_code, 10);
  const std::string folder = scratch.only_run();
  auto criteria = nlohmann::json::parse(read_text(folder + "/criteria.json"));
  criteria["limits"] = nlohmann::json::array();
  criteria["required"] = nlohmann::json::array({criteria["required"][0]});
  std::ofstream(folder + "/criteria.json") << criteria.dump();
  edit_records(folder, [&](nlohmann::json& line) {
    const auto hash = nlohmann::json::json_pointer("/testRunArtifact/testRunStart/parameters/criteria_hash");
    if (line.contains(hash)) line[hash] = content_hash(criteria);
  });
  std::ofstream(folder + "/SHA256SUMS") << run::checksums_of_folder(folder);
  const Finished judged = assay(scratch, {"judge", folder});
  EXPECT_EQ(judged.exit_code, 11) << judged.out;
  EXPECT_THAT(judged.out, HasSubstr("other criteria"));
}

TEST_F(HonestyTest, ARunThatLosesAFileMeanwhileIsNoAcceptanceAtOnce) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--out",
                        scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  std::filesystem::remove(scratch.only_run() + "/telemetry.csv.zst");
  EXPECT_EQ(run.wait().exit_code, 11);
  EXPECT_EQ(assay(scratch, {"judge", scratch.only_run()}).exit_code, 11);
}

TEST_F(HonestyTest, RecordsThatSomebodyWritesIntoMeanwhileAreNoAcceptanceAndNoBugOfOurs) {
  Running run(scratch, {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--time-scale", "10", "--out",
                        scratch / "out"});
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  std::ofstream(scratch.only_run() + "/records.jsonl", std::ios::app) << "{}\n";
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11);
  EXPECT_THAT(finished.err, HasSubstr("were changed while"));
}

TEST_F(HonestyTest, ARunThatWasMovedGoesOnWhereItIsNow) {
  const std::string moved = scratch / "elsewhere";
  std::filesystem::rename(killed_run(), moved);
  EXPECT_EQ(assay(scratch, {"resume", moved}).exit_code, 0);
}

TEST_F(HonestyTest, NothingIsWrittenThroughALink) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run(), victim = scratch.write("victim", "mine");
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::filesystem::create_symlink(victim, folder + "/SHA256SUMS.tmp");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 0);
  EXPECT_EQ(read_text(victim), "mine");
}

TEST_F(HonestyTest, APipeInPlaceOfAFileIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  std::filesystem::remove(folder + "/criteria.json");
  ASSERT_EQ(mkfifo((folder + "/criteria.json").c_str(), 0600), 0);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 2);
}

TEST_F(HonestyTest, ABootBetweenKillAndResumeIsNoAcceptance) {
  const std::string folder = killed_run();
  edit_records(folder, [](nlohmann::json& line) {
    const auto boot = nlohmann::json::json_pointer("/testStepArtifact/extension/content/boot");
    if (line.contains(boot)) line[boot] = "before";
    const auto marks = nlohmann::json::json_pointer("/testRunArtifact/testRunStart/parameters/counters");
    if (!line.contains(marks)) return;
    for (auto& mark : line[marks]) mark["boot"] = "before";
  });
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 11) << resumed.out << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr("was booted"));
}

TEST_F(HonestyTest, AClosedRunWithoutWholeChecksumsIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run(), path = folder + "/SHA256SUMS";
  const std::string sums = read_text(path);
  for (const std::string& text : {std::string(), sums.substr(0, sums.find('\n') + 1)}) {
    std::ofstream(path) << text;
    const Finished judged = assay(scratch, {"judge", folder});
    EXPECT_EQ(judged.exit_code, 11) << judged.out;
    EXPECT_THAT(judged.out, HasSubstr("does not vouch for"));
    EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2) << "no kill leaves such sums";
  }
  std::filesystem::remove(path);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
}

TEST_F(HonestyTest, ARunThatWasKilledBeforeItsReportIsFinishedByResume) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = scratch.only_run();
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::filesystem::remove(folder + "/report.html");
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_TRUE(std::filesystem::exists(folder + "/report.html"));
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 0);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2);
}

TEST_F(HonestyTest, WhatWasEditedIsNotLaunderedByResume) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = scratch.only_run();
  edit_records(folder, erase_bad_words);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2);
  std::filesystem::remove(folder + "/SHA256SUMS");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 11) << "its report can be made, and doubts it";
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
}

TEST_F(HonestyTest, AnEndedRunWhoseRecordsWereCutIsNotResumed) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "slow-hbm"}).exit_code, 10);
  const std::string folder = scratch.only_run();
  std::string kept;
  for (const auto& line : records(folder)) {
    if (line.dump().find("02-memory.bandwidth") != std::string::npos) break;
    kept += line.dump() + "\n";
  }
  std::ofstream(folder + "/records.jsonl") << kept;
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 2) << resumed.out;
  EXPECT_THAT(resumed.err, HasSubstr("cut"));
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

}  // namespace
}  // namespace assay
