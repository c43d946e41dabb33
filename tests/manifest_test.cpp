// --manifest: the consignment's papers against the node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Line {
  std::string node = "node-17", chassis, slot, serial, part_number, vbios;
};

/// What the simulated node of seed 7 has in it.
std::vector<Line> papers() {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--only", "inventory.*", "--workers", "thread"});
  std::vector<Line> lines;
  std::string chassis;
  for (const auto& record : records(only_run(scratch))) {
    const auto measurement = record.value("/testStepArtifact/measurement"_json_pointer, nlohmann::json());
    if (measurement.is_null()) continue;
    if (measurement.at("name") == "chassis_serial") chassis = measurement.at("value");
    if (measurement.at("name") == "serial") {
      lines.emplace_back();
      lines.back().slot = measurement.at("hardwareInfoId");
      lines.back().serial = measurement.at("value");
    }
  }
  for (Line& line : lines) line.chassis = chassis;
  return lines;
}

struct Outcome {
  nlohmann::json judgement;
  std::vector<std::string> accused;
  std::string said;
};

void write(const std::string& path, const std::vector<Line>& lines) {
  std::ofstream file(path);
  file << "consignment,licence,node,chassis_serial,slot,serial,part_number,vbios\n";
  for (const Line& line : lines) {
    file << "C-1,EL-1," << line.node << ',' << line.chassis << ',' << line.slot << ',' << line.serial << ','
         << line.part_number << ',' << line.vbios << '\n';
  }
}

/// A run with these papers, of what the node says of itself.
Outcome outcome_of(const std::vector<Line>& lines, const std::vector<std::string>& more = {}) {
  const ScratchFolder scratch;
  const std::string path = scratch / "papers.csv";
  write(path, lines);
  std::vector<std::string> arguments{"--manifest", path, "--profile", "inventory", "--workers", "thread"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Finished run = run_simulated(scratch, arguments);
  Outcome outcome;
  outcome.judgement = judge(scratch, only_run(scratch));
  outcome.accused = accusations(outcome.judgement);
  outcome.said = run.out + run.err;
  return outcome;
}

class ManifestTest : public testing::Test {
 protected:
  static const std::vector<Line>& right() {
    static const std::vector<Line> lines = papers();
    return lines;
  }
  std::vector<Line> lines = right();
};

TEST_F(ManifestTest, WhatAgreesIsAccepted) {
  ASSERT_EQ(lines.size(), 8u);
  const Outcome outcome = outcome_of(lines);
  EXPECT_EQ(outcome.judgement.at("verdict"), "ACCEPT") << outcome.said;
}

TEST_F(ManifestTest, AGpuThatIsNotThereIsNamedByTheSerialThatShouldBe) {
  const Outcome outcome = outcome_of(lines, {"--fault", "gpu-missing"});
  ASSERT_THAT(outcome.accused, ElementsAre("inventory.gpu_missing@gpu4"));
  EXPECT_THAT(outcome.judgement.at("findings")[0].at("summary").get<std::string>(),
              HasSubstr(lines[4].serial + " by the manifest"));
}

TEST_F(ManifestTest, OneThatNobodyOrderedIsNamedBesideTheOneThatShouldBeThere) {
  lines[2].serial = "9999999999999";
  const Outcome outcome = outcome_of(lines);
  ASSERT_THAT(outcome.accused, ElementsAre("inventory.manifest_unexpected@gpu2"));
  EXPECT_THAT(outcome.judgement.at("findings")[0].at("summary").get<std::string>(),
              HasSubstr("9999999999999"));
}

TEST_F(ManifestTest, OneOfAnotherNodeIsNamedWithThatNode) {
  Line moved = lines[2];
  lines[2].serial = "9999999999999";
  moved.node = "node-18";
  moved.chassis = "X2";
  lines.push_back(moved);
  const Outcome outcome = outcome_of(lines);
  ASSERT_THAT(outcome.accused, ElementsAre("inventory.manifest_unexpected@gpu2"));
  EXPECT_THAT(outcome.judgement.at("findings")[0].at("summary").get<std::string>(), HasSubstr("node-18"));
}

TEST_F(ManifestTest, SwappedSlotsAreNamedBoth) {
  std::swap(lines[1].serial, lines[4].serial);
  EXPECT_THAT(outcome_of(lines).accused,
              ElementsAre("inventory.manifest_swapped@gpu1", "inventory.manifest_swapped@gpu4"));
}

TEST_F(ManifestTest, ASerialThatTheConsignmentHasTwiceIsFound) {
  Line twice = lines[1];
  twice.node = "node-18";
  twice.chassis = "X2";
  lines.push_back(twice);
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.manifest_duplicate@gpu1"));
}

TEST_F(ManifestTest, OneSlipInThePapersIsOneFinding) {
  const std::string left_out = lines[2].serial;
  lines[2].serial = lines[1].serial;
  const Outcome outcome = outcome_of(lines);
  ASSERT_THAT(outcome.accused, ElementsAre("inventory.manifest_duplicate@gpu1"));
  const auto& finding = outcome.judgement.at("findings")[0];
  EXPECT_THAT(finding.at("summary").get<std::string>(), HasSubstr("gpu1, node-17 (chassis "));
  ASSERT_EQ(finding.at("consequences").size(), 1u);
  EXPECT_THAT(finding.at("consequences")[0].at("detail").get<std::string>(), HasSubstr(left_out));
}

TEST_F(ManifestTest, ASlipDoesNotHideAGpuOfAnotherNode) {
  Line moved = lines[2];
  moved.node = "node-18";
  moved.chassis = "X2";
  lines.push_back(moved);
  lines[2].serial = lines[1].serial;
  EXPECT_THAT(outcome_of(lines).accused,
              ElementsAre("inventory.manifest_duplicate@gpu1", "inventory.manifest_unexpected@gpu2"));
}

TEST_F(ManifestTest, ASlipOfOtherNodesIsNotedAndNobodysHere) {
  for (const char* node : {"node-18", "node-19"}) lines.push_back({node, node, "", "9999999999999", "", ""});
  const Outcome outcome = outcome_of(lines);
  EXPECT_EQ(outcome.judgement.at("verdict"), "ACCEPT");
  EXPECT_THAT(outcome.judgement.at("notes").dump(), HasSubstr("has serial 9999999999999 2 times"));
}

TEST_F(ManifestTest, IsSpokenOfInChineseToo) {
  std::swap(lines[1].serial, lines[4].serial);
  lines[2].serial = "9999999999999";
  const Outcome outcome = outcome_of(lines, {"--lang", "zh-CN"});
  EXPECT_THAT(outcome.said, HasSubstr("序列号 " + lines[4].serial + " 应在 gpu4，实际在 gpu1"));
  EXPECT_THAT(outcome.said, HasSubstr("此处应为序列号 9999999999999"));
}

TEST_F(ManifestTest, AnotherPartOrFirmwareIsFound) {
  lines[5].part_number = "699-2G520-0000-XX";
  lines[6].vbios = "96.00.FF.00.00";
  EXPECT_THAT(outcome_of(lines).accused,
              ElementsAre("inventory.manifest_part@gpu5", "inventory.manifest_part@gpu6"));
}

TEST_F(ManifestTest, AnotherChassisIsFoundByItsGpus) {
  for (Line& line : lines) line.chassis = "OTHER";
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.other_chassis@node"));
}

TEST_F(ManifestTest, ANodeOfAnotherConsignmentIsSaidSo) {
  for (Line& line : lines) line.chassis = line.serial = "OTHER" + line.slot;
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.not_in_manifest@node"));
}

TEST_F(ManifestTest, ASerialThatCannotBeReadIsNoAcceptance) {
  const Outcome outcome = outcome_of(
      lines, {"--fault", "nvml-answer:function=nvmlDeviceGetSerial,error=not_supported,part=gpu2"});
  EXPECT_EQ(outcome.judgement.at("verdict"), "INCONCLUSIVE");
  EXPECT_THAT(outcome.accused,
              ElementsAre("environment.driver_lacks@environment", "inventory.serial_unknown@environment"));
}

TEST_F(ManifestTest, ASerialThatASpreadsheetHasRoundedIsNoSerial) {
  lines[2].serial = "1.75372E+12";
  const ScratchFolder scratch;
  const std::string path = scratch / "papers.csv";
  write(path, lines);
  const Finished refused = run_simulated(scratch, {"--profile", "inventory", "--manifest", path});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("rounds it"));
}

TEST_F(ManifestTest, AListOfSerialsAloneMissesNothingOfOtherNodes) {
  for (Line& line : lines) line.node = line.chassis = line.slot = "";
  lines.push_back({"", "", "", "9999999999999", "", ""});
  EXPECT_EQ(outcome_of(lines).judgement.at("verdict"), "ACCEPT");
  lines.erase(lines.begin());
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.manifest_unexpected@gpu0"));
}

TEST_F(ManifestTest, TheSystemsSerialDoesAsWellAsTheChassis) {
  for (Line& line : lines) line.chassis.replace(0, 4, "SIMS");
  EXPECT_EQ(outcome_of(lines).judgement.at("verdict"), "ACCEPT");
}

TEST_F(ManifestTest, ASlotThatTheSkuDoesNotHaveIsNotPassedOver) {
  lines.push_back({"node-17", lines[0].chassis, "gpu9", "9999999999999", "", ""});
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.manifest_missing@node"));
}

TEST_F(ManifestTest, AMissingGpuOfNoSlotIsTheNodes) {
  for (Line& line : lines) line.slot.clear();
  lines.push_back({"node-17", lines[0].chassis, "", "9999999999999", "", ""});
  EXPECT_THAT(outcome_of(lines).accused, ElementsAre("inventory.manifest_missing@node"));
}

}  // namespace
}  // namespace assay
