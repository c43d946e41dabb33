#include "harness/record/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "harness/record/reader.h"
#include "harness/testing/run_builder.h"

namespace assay::record {
namespace {

using namespace assay::builders;
using nlohmann::json;

CounterMark a_mark(const std::string& address) {
  return {address, "b7a3", 4711, {{"energy_mj", (1LL << 53) + 1}, {"pcie_replay", 3}}};
}

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "assay-journal-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder + "/records.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Journal::Now clock() {
    return [this] { return time += 1'500'000'001; };
  }
  std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::vector<json> lines() const {
    std::ifstream file(path);
    std::vector<json> all;
    for (std::string line; std::getline(file, line);) all.push_back(json::parse(line));
    return all;
  }
  RunStart start() const {
    return {run.plan,      run.criteria_hash, run.version,  run.command_line,
            run.node_name, run.hardware,      run.software, {a_mark("")}};
  }
  void append_text(const std::string& text) const { std::ofstream(path, std::ios::app) << text; }

  Criteria criteria = sample_criteria(2);
  record::Run run = healthy_run(criteria, 2);
  Nanoseconds time = 1'767'225'600 * kSecond;  // 2026-01-01
  std::string folder, path;
};

void expect_equal(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y)) return;
  EXPECT_EQ(a, b);
}

void expect_equal(const Error& a, const Error& b) {
  EXPECT_EQ(a.symptom, b.symptom);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.part, b.part);
  EXPECT_EQ(a.ended, b.ended);
}

void expect_equal(const Step& a, const Step& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.check, b.check);
  EXPECT_EQ(a.part, b.part);
  EXPECT_EQ(a.stage, b.stage);
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.status, b.status);
  ASSERT_EQ(a.measurements.size(), b.measurements.size());
  for (std::size_t i = 0; i < a.measurements.size(); ++i) {
    EXPECT_EQ(a.measurements[i].name, b.measurements[i].name);
    expect_equal(a.measurements[i].value, b.measurements[i].value);
    EXPECT_EQ(a.measurements[i].unit, b.measurements[i].unit);
    EXPECT_EQ(a.measurements[i].part, b.measurements[i].part);
    EXPECT_EQ(a.measurements[i].source, b.measurements[i].source);
  }
  ASSERT_EQ(a.errors.size(), b.errors.size());
  for (std::size_t i = 0; i < a.errors.size(); ++i) expect_equal(a.errors[i], b.errors[i]);
  ASSERT_EQ(a.evidence.size(), b.evidence.size());
  for (std::size_t i = 0; i < a.evidence.size(); ++i) {
    EXPECT_EQ(a.evidence[i].name, b.evidence[i].name);
    EXPECT_EQ(a.evidence[i].content, b.evidence[i].content);
  }
}

void expect_equal(const Run& a, const Run& b) {
  EXPECT_EQ(json(a.plan), json(b.plan));
  EXPECT_EQ(a.plan_hash, b.plan_hash);
  EXPECT_EQ(a.criteria_hash, b.criteria_hash);
  EXPECT_EQ(a.command_line, b.command_line);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.node_name, b.node_name);
  EXPECT_EQ(a.driver_version, b.driver_version);
  ASSERT_EQ(a.hardware.size(), b.hardware.size());
  for (std::size_t i = 0; i < a.hardware.size(); ++i) {
    EXPECT_EQ(a.hardware[i].id, b.hardware[i].id);
    EXPECT_EQ(a.hardware[i].name, b.hardware[i].name);
    EXPECT_EQ(a.hardware[i].serial, b.hardware[i].serial);
    EXPECT_EQ(a.hardware[i].part_number, b.hardware[i].part_number);
    EXPECT_EQ(a.hardware[i].location, b.hardware[i].location);
  }
  ASSERT_EQ(a.software.size(), b.software.size());
  for (std::size_t i = 0; i < a.software.size(); ++i) {
    EXPECT_EQ(a.software[i].id, b.software[i].id);
    EXPECT_EQ(a.software[i].version, b.software[i].version);
  }
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) expect_equal(a.steps[i], b.steps[i]);
  ASSERT_EQ(a.errors.size(), b.errors.size());
  for (std::size_t i = 0; i < a.errors.size(); ++i) expect_equal(a.errors[i], b.errors[i]);
  EXPECT_EQ(a.marks, b.marks);
  EXPECT_EQ(a.closed, b.closed);
}

/// A run with one of everything that is hard to carry in JSON.
void add_oddities(Run& run) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Step& step = run.steps.front();
  const std::vector<Value> values{std::numeric_limits<double>::quiet_NaN(),
                                  infinity,
                                  -infinity,
                                  0.1,
                                  -0.0,
                                  5e-324,
                                  1.7976931348623157e308,
                                  9007199254740993.0,
                                  true,
                                  false};
  for (const Value& value : values) step.measurements.push_back({"odd", value, "GB/s", "gpu1/hbm", "check"});
  for (const char* text : {"NaN", "", "a\nb\"c\\", "\u00e9\u6e29"}) {
    step.measurements.push_back({"odd", std::string(text), "text", "gpu1", "check"});
  }
  for (const char* part :
       {"node", "environment", "harness", "host/nic2", "nvswitch1/port12", "gpu1/nvlink07"}) {
    step.measurements.push_back({"where", 1.0, "1", part, "telemetry"});
  }
  step.evidence.push_back({"histogram", {{"bins", {1, 2, 3}}, {"deep", {{"text", "x"}, {"flag", true}}}}});
  step.errors = {{"harness.worker_crashed", "died", "", "signal 11"},
                 {"device.lost", "Xid 79: gone", "gpu1", ""},
                 {"device.lost", "", "", ""}};
  run.errors = {{"harness.disk_full", "no space: left", "", ""},
                {"device.lost", "gpu1: gone", "gpu1", ""},
                {"harness.x", "gpu0: a message that looks like a part", "", ""},
                {"harness.y", "", "gpu0/hbm", ""}};
}

TEST_F(JournalTest, TheReaderReadsBackWhatWasWritten) {
  add_oddities(run);
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
    journal.sync();
  }
  const record::Run read = read_records(path);
  expect_equal(run, read);
  EXPECT_FALSE(read.torn);
  EXPECT_EQ(read.valid_bytes, std::filesystem::file_size(path));
  EXPECT_EQ(read.next_sequence, static_cast<std::int64_t>(lines().size()));
  EXPECT_EQ(read.started, "2026-01-01T00:00:03.000000002Z");
  EXPECT_TRUE(std::signbit(std::get<double>(read.steps[0].measurements[10].value)));
}

// Cut anywhere, the rest reads as a prefix of the run; continued from there, the file is whole again.
TEST_F(JournalTest, ATornRunGoesOnWhereItStopped) {
  add_oddities(run);
  run.closed = false;
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
  }
  const std::string whole = content();
  const std::size_t header = whole.find('\n', whole.find('\n') + 1) + 1;
  for (std::size_t cut = header; cut <= whole.size(); cut += 37) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    const record::Run partial = read_records(path);
    EXPECT_LE(partial.valid_bytes, cut);
    if (partial.valid_bytes < cut) {
      EXPECT_TRUE(partial.torn);
    }
    {
      Journal journal = Journal::append(path, partial, clock());
      for (const Step& step : partial.steps) {
        if (step.status == Status::open) journal.step_end(step.id, Status::error);
      }
      journal.step_start("sim-99-late-node", "late", "node", 99, 1);
      journal.step_end("sim-99-late-node", Status::complete);
      journal.judgement({});
      journal.run_end(Status::complete, verdict::Result::fail);
    }
    const record::Run resumed = read_records(path);
    ASSERT_EQ(resumed.steps.size(), partial.steps.size() + 1);
    EXPECT_TRUE(resumed.closed);
    EXPECT_FALSE(resumed.torn);
    EXPECT_EQ(content().substr(0, partial.valid_bytes), whole.substr(0, partial.valid_bytes));
  }
}

TEST_F(JournalTest, EveryRecordIsInTheFileBeforeTheCallReturns) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  EXPECT_EQ(lines().size(), 2u);
  journal.step_start("s", "memory.sweep", "gpu0", 1, 1);
  EXPECT_EQ(lines().size(), 4u);
  journal.measurement("s", {"bad_words", 0.0, "1", "gpu0/hbm", "check"});
  const json measurement = lines().at(4).at("testStepArtifact").at("measurement");
  const json expected{{"name", "bad_words"},
                      {"value", 0.0},
                      {"unit", "1"},
                      {"hardwareInfoId", "gpu0"},
                      {"subcomponent", {{"name", "hbm"}}}};
  EXPECT_EQ(measurement, expected);
}

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

TEST_F(JournalTest, EvidenceKeepsLargeIntegersAndNonFiniteNumbers) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start("s", "memory.sweep", "gpu0", 1, 1);
  journal.evidence("s", {"hashes", {{"h", 0xfedcba9876543210u}, {"small", 42}, {"n", {std::nan("")}}}});
  const json expected{{"h", "0xfedcba9876543210"}, {"small", 42}, {"n", {"NaN"}}};
  EXPECT_EQ(read_records(path).steps.at(0).evidence.at(0).content, expected);
}

TEST_F(JournalTest, ReplacesWhatIsNoUtf8) {
  Journal journal = Journal::create(path, clock());
  run.plan.slots[0].serial = "bad\xff";
  journal.run_start(start());
  EXPECT_EQ(read_records(path).plan.slots[0].serial, "bad\ufffd");
}

TEST_F(JournalTest, RefusesWhatOcpDoesNotAllow) {
  Journal journal = Journal::create(path, clock());
  EXPECT_THROW(journal.step_start("s", "c", "gpu0", 0, 1), std::logic_error);  // before run_start
  journal.run_start(start());
  EXPECT_THROW(journal.run_start(start()), std::logic_error);
  journal.step_start("s", "c", "gpu0", 0, 1);
  EXPECT_THROW(journal.step_start("s", "c", "gpu0", 0, 1), std::logic_error);
  EXPECT_THROW(journal.step_end("s", Status::open), std::logic_error);
  EXPECT_THROW(journal.judgement({}), std::logic_error);  // "s" is open
  journal.step_end("s", Status::complete);
  EXPECT_THROW(journal.step_end("s", Status::complete), std::logic_error);
  EXPECT_THROW(journal.measurement("s", {"m", 1.0, "1", "gpu0", "check"}), std::logic_error);
  EXPECT_THROW(journal.measurement("t", {"m", 1.0, "1", "gpu0", "check"}), std::logic_error);
  using R = verdict::Result;
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

TEST_F(JournalTest, NeverWritesOverARun) {
  { Journal::create(path, clock()); }
  EXPECT_THROW(Journal::create(path, clock()), JournalError);
  EXPECT_THROW(Journal::create(folder + "/none/records.jsonl", clock()), JournalError);
}

TEST_F(JournalTest, HasOneWriterAtATime) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  EXPECT_THROW(Journal::append(path, read_records(path), clock()), JournalError);
}

TEST_F(JournalTest, AClosedRunAndAShrunkFileCannotBeContinued) {
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
  }
  record::Run read = read_records(path);
  EXPECT_THROW(Journal::append(path, read, clock()), JournalError);
  read.closed = false;
  std::filesystem::resize_file(path, read.valid_bytes - 1);
  EXPECT_THROW(Journal::append(path, read, clock()), JournalError);
}

TEST_F(JournalTest, MarksComeBackInTheirOrderAlsoFromStepsThatNeverEnded) {
  Journal journal = Journal::create(path, clock());
  RunStart begun = start();
  begun.marks = {a_mark("0000:19:00.0"), a_mark("0000:4c:00.0")};
  journal.run_start(begun);
  journal.step_start("sim-00-c-gpu0", "c", "gpu0", 0, 1);
  CounterMark moved = a_mark("0000:19:00.0");
  moved.counters["pcie_replay"] = 5;
  journal.mark("sim-00-c-gpu0", moved);
  EXPECT_THAT(read_records(path).marks, testing::ElementsAre(begun.marks[0], begun.marks[1], moved));
}

TEST_F(JournalTest, WhatIsWrittenAtOnceIsThereAltogetherOrNotAtAll) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start("s", "c", "gpu0", 0, 1);
  const auto before = std::filesystem::file_size(path);
  journal.at_once([&] {
    journal.measurement("s", {"m", 1.0, "1", "gpu0", "check"});
    EXPECT_EQ(std::filesystem::file_size(path), before);
    journal.mark("s", a_mark("0000:19:00.0"));
  });
  EXPECT_EQ(read_records(path).steps.at(0).measurements.size(), 1u);
  EXPECT_EQ(read_records(path).marks.size(), 2u);
}

TEST_F(JournalTest, AFullDiskThrowsAndNothingFollowsTheGap) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start("s", "c", "gpu0", 0, 1);
  const auto size = std::filesystem::file_size(path);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{size + 40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  EXPECT_THROW(journal.log("s", LogSeverity::info, "does not fit"), JournalError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_THROW(journal.log("s", LogSeverity::info, "there is room again"), JournalError);
  EXPECT_THROW(journal.sync(), JournalError);
  EXPECT_EQ(std::filesystem::file_size(path), size + 40);
  const record::Run read = read_records(path);
  EXPECT_TRUE(read.torn);
  EXPECT_EQ(read.valid_bytes, size);
}

TEST_F(JournalTest, TheJudgementIsTheFinalStepAndIsNotReadBack) {
  run.closed = false;
  measurement_of(step_of(run, "memory.sweep", "gpu1"), "bad_words", "gpu1/hbm").value = 17.0;
  Journal journal = Journal::create(path, clock());
  write(journal, run, criteria);
  const std::size_t before = lines().size();
  const auto bytes = std::filesystem::file_size(path);
  record::Run complete = run;
  complete.closed = true;
  journal.judgement(verdict::judge(complete, criteria));
  EXPECT_THROW(journal.step_start("s", "c", "gpu0", 0, 1), std::logic_error);

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

  const record::Run open = read_records(path);
  expect_equal(run, open);
  EXPECT_EQ(open.valid_bytes, bytes);  // a run that goes on is judged again
  EXPECT_EQ(open.next_sequence, static_cast<std::int64_t>(before));
  journal.run_end(Status::complete, verdict::Result::fail);
  const record::Run closed = read_records(path);
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
  journal.step_start("sim-98-x-gpu0", "x", "gpu0", 98, 2);
  journal.log("sim-98-x-gpu0", LogSeverity::fatal, "a line");
  journal.file("sim-98-x-gpu0", {"telemetry", "telemetry.zst", "10 Hz", "application/zstd", false});
  journal.mark("sim-98-x-gpu0", a_mark("0000:19:00.0"));
  journal.step_end("sim-98-x-gpu0", Status::error);
  journal.judgement(verdict::judge(run, criteria));
  journal.run_end(Status::error, verdict::Result::not_applicable);
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
