// A run that was edited after it was written contradicts itself, and is no acceptance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "harness/model/content_hash.h"
#include "harness/model/plan.h"
#include "harness/run/sha256sums.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

struct EditedRun : testing::Test {
  ScratchFolder scratch;
};

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

TEST_F(EditedRun, WhatWasChangedSinceTheRunEndedIsNoticed) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::remove(folder + "/telemetry.csv.zst");
  const Finished judged = assay(scratch, {"judge", folder});
  EXPECT_EQ(judged.exit_code, 2);
  EXPECT_THAT(judged.err, HasSubstr("telemetry.csv.zst"));
}

TEST_F(EditedRun, ASimulatedRunThatIsEditedToLookRealIsStillSimulated) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
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

TEST_F(EditedRun, WhatLiesBesideTheRecordsTellsThatTheyWereSimulated) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
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

TEST_F(EditedRun, ARunThatWasClosedWithAnotherVerdictIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = only_run(scratch);
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
    const auto first = judged.out.find("closed with REJECT");
    EXPECT_NE(first, std::string::npos) << what;
    EXPECT_EQ(judged.out.find("closed with REJECT", first + 1), std::string::npos) << what << ": said twice";
    EXPECT_EQ(assay(scratch, {"report", folder}).out.find("VERDICT: ACCEPT"), std::string::npos) << what;
  }
}

TEST_F(EditedRun, NeitherOtherLimitsNorAnotherHashLeadAwayFromTheRecordedVerdict) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = only_run(scratch);
  edit_records(folder, erase_bad_words);
  std::ofstream(folder + "/SHA256SUMS") << run::checksums_of_folder(folder);
  const std::string limits = copy_bandwidth_limit(scratch, "min", "3700 GB/s");
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

TEST_F(EditedRun, ARunWhoseCriteriaOrPlanWereExchangedAfterwardsIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "slow-hbm"}).exit_code, 10);
  const std::string folder = only_run(scratch);
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

TEST_F(EditedRun, AClosedRunWithoutWholeChecksumsIsNoAcceptance) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch), path = folder + "/SHA256SUMS";
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

TEST_F(EditedRun, WhatWasEditedIsNotLaunderedByResume) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "data-wire"}).exit_code, 10);
  const std::string folder = only_run(scratch);
  edit_records(folder, erase_bad_words);
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 2);
  std::filesystem::remove(folder + "/SHA256SUMS");
  EXPECT_EQ(assay(scratch, {"resume", folder}).exit_code, 11) << "its report can be made, and doubts it";
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
}

TEST_F(EditedRun, AnEndedRunWhoseRecordsWereCutIsNotResumed) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "slow-hbm"}).exit_code, 10);
  const std::string folder = only_run(scratch);
  std::string kept;
  for (const auto& line : records(folder)) {
    if (line.dump().find("-memory.bandwidth-") != std::string::npos) break;
    kept += line.dump() + "\n";
  }
  std::ofstream(folder + "/records.jsonl") << kept;
  const Finished resumed = assay(scratch, {"resume", folder});
  EXPECT_EQ(resumed.exit_code, 2) << resumed.out;
  EXPECT_THAT(resumed.err, HasSubstr("cut"));
}

TEST_F(EditedRun, ARecordThatWasTakenOutIsNoticed) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::string kept;
  for (const auto& line : records(folder)) {
    if (line.dump().find("\"coverage\"") == std::string::npos) kept += line.dump() + "\n";
  }
  std::ofstream(folder + "/records.jsonl") << kept;
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 2) << "the sequence has gaps";
}

TEST_F(EditedRun, ABootBetweenKillAndResumeIsNoAcceptance) {
  const std::string folder = killed_run(scratch);
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

}  // namespace
}  // namespace assay
