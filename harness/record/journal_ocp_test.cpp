// What OCP Test & Validation asks of the records.
#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/record/journal_fixture.h"
#include "harness/record/reader.h"
#include "harness/verdict/judge.h"

namespace assay::record {
namespace {

TEST_F(JournalTest, WritesTheLimitsThatOcpKnows) {
  Journal journal = Journal::create(path, clock());
  write(journal, run, criteria);
  for (const json& line : lines()) {
    if (!line.contains("testStepArtifact") || !line["testStepArtifact"].contains("measurement")) continue;
    const json& measurement = line["testStepArtifact"]["measurement"];
    if (measurement["name"] == "copy_bandwidth") {
      ASSERT_EQ(measurement["validators"].size(), 1u);  // the peers' ratio is none
      EXPECT_EQ(measurement["validators"][0]["type"], "GREATER_THAN_OR_EQUAL");
      EXPECT_EQ(measurement["validators"][0]["value"], 3900);
      EXPECT_EQ(measurement["validators"][0]["metadata"]["source"], "test figures");
    }
    if (measurement["name"] == "vbios") {
      EXPECT_FALSE(measurement.contains("validators"));
    }
  }
}

TEST_F(JournalTest, SaysThatItIsSimulated) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  const json run_start = lines().at(1).at("testRunArtifact").at("testRunStart");
  EXPECT_EQ(run_start.at("name"), "assay SIMULATED");
  EXPECT_EQ(run_start.at("metadata").at("simulated"), true);
  EXPECT_EQ(run_start.at("dutInfo").at("metadata").at("simulated"), true);
}

TEST_F(JournalTest, RefusesWhatOcpDoesNotAllow) {
  Journal journal = Journal::create(path, clock());
  EXPECT_THROW(journal.step_start({"s", "c", "", "gpu0", 0, 1}), std::logic_error);  // before run_start
  journal.run_start(start());
  EXPECT_THROW(journal.run_start(start()), std::logic_error);
  journal.step_start({"s", "c", "", "gpu0", 0, 1});
  EXPECT_THROW(journal.step_start({"s", "c", "", "gpu0", 0, 1}), std::logic_error);
  EXPECT_THROW(journal.step_end("s", Status::open), std::logic_error);
  EXPECT_THROW(journal.judgement({}), std::logic_error);  // "s" is open
  journal.step_end("s", Status::complete);
  EXPECT_THROW(journal.step_end("s", Status::complete), std::logic_error);
  EXPECT_THROW(journal.measurement("s", {"m", 1.0, "1", "gpu0", "check"}), std::logic_error);
  EXPECT_THROW(journal.measurement("t", {"m", 1.0, "1", "gpu0", "check"}), std::logic_error);
  using R = Result;
  EXPECT_THROW(journal.run_end(Status::error, R::not_applicable), std::logic_error);  // not judged
  journal.judgement({});
  const std::pair<Status, R> wrong[]{{Status::complete, R::not_applicable},
                                     {Status::error, R::pass},
                                     {Status::error, R::fail},
                                     {Status::skip, R::pass},
                                     {Status::skip, R::fail},
                                     {Status::open, R::not_applicable}};
  for (const auto& [status, result] : wrong) EXPECT_THROW(journal.run_end(status, result), std::logic_error);
  journal.run_end(Status::error, R::not_applicable);
  EXPECT_THROW(journal.run_error({"x", "", "", ""}), std::logic_error);
  EXPECT_TRUE(read_records(path).closed);
}

TEST_F(JournalTest, TheJudgementIsTheFinalStepAndIsNotReadBack) {
  run.closed = false;
  measurement_of(step_of(run, "memory.sweep", "gpu1"), "bad_words", "gpu1/hbm").value = 17.0;
  Journal journal = Journal::create(path, clock());
  write(journal, run, criteria);
  const std::size_t before = lines().size();
  const auto bytes = std::filesystem::file_size(path);
  RunRecord complete = run;
  complete.closed = true;
  journal.judgement(verdict::judge(complete, criteria));
  EXPECT_THROW(journal.step_start({"s", "c", "", "gpu0", 0, 1}), std::logic_error);

  const json diagnosis = lines().at(before + 1).at("testStepArtifact");
  EXPECT_EQ(diagnosis.at("testStepId"), "sim-judgement");
  EXPECT_EQ(diagnosis.at("diagnosis").at("verdict"), "memory.miscompare");
  EXPECT_EQ(diagnosis.at("diagnosis").at("type"), "FAIL");
  EXPECT_EQ(diagnosis.at("diagnosis").at("hardwareInfoId"), "gpu1");
  EXPECT_EQ(diagnosis.at("diagnosis").at("subcomponent").at("name"), "hbm");
  const json finding = lines().at(before + 2).at("testStepArtifact").at("extension");
  EXPECT_EQ(finding.at("name"), "assay.finding");
  EXPECT_EQ(finding.at("content").at("action"), name_of(Action::return_part));
  EXPECT_EQ(finding.at("content").at("evidence").at(0).at("value"), 17);

  const RunRecord open = read_records(path);
  expect_equal(run, open);
  EXPECT_EQ(open.valid_bytes, bytes);  // a run that goes on is judged again
  EXPECT_EQ(open.next_sequence, static_cast<std::int64_t>(before));
  journal.run_end(Status::complete, Result::fail);
  const RunRecord closed = read_records(path);
  expect_equal(complete, closed);
  EXPECT_EQ(closed.valid_bytes, std::filesystem::file_size(path));
}

// Every kind of record against OCP's own schemas, where they are at hand.
TEST_F(JournalTest, EveryLineIsValidOcp) {
  const std::string source = ASSAY_SOURCE_DIR;
  const std::string schemas = source + "/../shared/data/ocp-json-schema";
  if (!std::filesystem::exists(schemas + "/root.json"))
    GTEST_SKIP() << "the OCP schemas are not at " << schemas;
  run.closed = false;
  add_oddities(run);
  set_bandwidth(run, 0, 3990);
  run.steps.back().status = Status::skip;
  Journal journal = Journal::create(path, clock());
  write(journal, run, criteria);
  journal.run_log(LogSeverity::warning, "a line");
  journal.step_start({"sim-98-x-gpu0", "x", "", "gpu0", 98, 2});
  journal.log("sim-98-x-gpu0", LogSeverity::fatal, "a line");
  journal.file("sim-98-x-gpu0", {"telemetry", "telemetry.zst", "10 Hz", "application/zstd", false});
  journal.mark("sim-98-x-gpu0", a_mark("0000:19:00.0"));
  journal.step_end("sim-98-x-gpu0", Status::error);
  journal.judgement(verdict::judge(run, criteria));
  journal.run_end(Status::error, Result::not_applicable);
  const std::string command =
      "/usr/bin/python3 '" + source + "/tests/ocp_schema_check.py' '" + schemas + "' '" + path + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  append_text(
      R"({"sequenceNumber":1,"timestamp":"2026-01-01T00:00:00Z","testRunArtifact":{"measurement":{}}})"
      "\n");
  EXPECT_NE(std::system((command + " 2>/dev/null").c_str()), 0);
}

}  // namespace
}  // namespace assay::record
