#include "harness/record/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "harness/model/content_hash.h"
#include "harness/record/artifacts.h"
#include "harness/testing/run_builder.h"

namespace assay::record {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Lines with their sequence numbers and timestamps.
class Lines {
 public:
  Lines& add(const char* kind, json content) {
    const json line{
        {"sequenceNumber", sequence_++}, {"timestamp", "2026-01-01T00:00:00Z"}, {kind, std::move(content)}};
    text_ += line.dump() + "\n";
    return *this;
  }
  Lines& run(json artifact) { return add("testRunArtifact", std::move(artifact)); }
  Lines& step(const char* id, json artifact) {
    artifact["testStepId"] = id;
    return add("testStepArtifact", std::move(artifact));
  }
  Lines& started(const char* id) {
    step(id, {{"testStepStart", {{"name", "memory.sweep"}}}});
    return step(id, extension("assay.step", {{"part", "gpu0"}, {"stage", 1}, {"attempt", 1}}));
  }
  Lines& skip_number() {
    ++sequence_;
    return *this;
  }
  Lines& raw(const std::string& text) {
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  int sequence_ = 0;
};

json start_json() {
  const RunRecord run = builders::healthy_run(builders::sample_criteria());
  RunStart start;
  start.plan = run.plan;
  start.hardware = run.hardware;
  return {{"testRunStart", test_run_start(start)}};
}

Lines begun() {
  return Lines().add("schemaVersion", schema_version()).run(start_json());
}
const json kEnded{{"testStepEnd", {{"status", "COMPLETE"}}}};
Lines judged(Lines lines, const char* criteria_hash = "") {
  const json plan_hash = start_json()["testRunStart"]["parameters"]["plan_hash"];
  const json verdict{
      {"verdict", "REJECT"}, {"criteria_hash", criteria_hash}, {"plan_hash", plan_hash}, {"simulated", true}};
  return lines.step("sim-judgement", {{"testStepStart", {{"name", "judgement"}}}})
      .step("sim-judgement", extension("assay.verdict", verdict))
      .step("sim-judgement", kEnded);
}
const json kMeasured{
    {"measurement", {{"name", "m"}, {"value", 1}, {"unit", "1"}, {"hardwareInfoId", "gpu0"}}}};

void expect_error(const Lines& lines, std::size_t line, const std::string& reason) {
  try {
    parse_records(lines.text());
    ADD_FAILURE() << "accepted; expected: " << reason;
  } catch (const RecordsError& error) {
    EXPECT_EQ(error.line(), line) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
}

TEST(Reader, RejectsWhatIsNoRun) {
  expect_error(Lines(), 1, "never began");
  expect_error(Lines().raw("\n"), 1, "parse error");
  expect_error(Lines().add("schemaVersion", {{"major", 1}, {"minor", 0}}), 1, "no OCP");
  expect_error(Lines().run(start_json()), 1, "no OCP");
  expect_error(Lines().add("schemaVersion", schema_version()), 2, "never began");
  expect_error(Lines().add("schemaVersion", schema_version()).started("s"), 2, "no testRunStart");
  expect_error(Lines().add("schemaVersion", schema_version()).raw("{\"seq"), 2, "never began");
  expect_error(begun().run(start_json()), 3, "second testRunStart");
}

TEST(Reader, RejectsAPlanThatIsNotTheHashedOne) {
  json start = start_json();
  start["testRunStart"]["parameters"]["plan"]["partial"] = json::array();
  start["testRunStart"]["parameters"]["plan"]["profile"] = "another";
  expect_error(Lines().add("schemaVersion", schema_version()).run(start), 2, "plan_hash");
}

TEST(Reader, LeavesTheExtensionsOfANewerAssayToIt) {
  json start = start_json();
  start["testRunStart"]["metadata"]["schema"] = kSchemaOfExtensions + 1;
  expect_error(Lines().add("schemaVersion", schema_version()).run(start), 2, "its schema is");
  start["testRunStart"]["metadata"].erase("schema");  // as the first runs were written
  EXPECT_NO_THROW(parse_records(Lines().add("schemaVersion", schema_version()).run(start).text()));
}

TEST(Reader, NamesTheInvalidLineInTheMiddle) {
  expect_error(begun().raw("{\"sequenceNumber\":2,\n").started("s"), 3, "parse error");
  expect_error(begun().raw("[]\n"), 3, "");
  expect_error(begun().started("s").step("s", {{"measurement", {{"name", "m"}}}}), 5, "value");
  expect_error(begun().started("s").step("s", {{"measurement", {{"name", "m"}, {"value", nullptr}}}}), 5,
               "null");
  expect_error(begun().started("s").step("s", {{"testStepEnd", {{"status", "FINE"}}}}), 5, "FINE");
  expect_error(begun().started("s").step("s", {{"surprise", 1}}), 5, "unknown kind");
}

TEST(Reader, NoticesMissingAndRepeatedLines) {
  expect_error(begun().skip_number().started("s"), 3, "sequenceNumber is 3");
  const Lines lines = begun().started("s");
  const std::string last = lines.text().substr(lines.text().rfind("{\"sequenceNumber\""));
  expect_error(Lines(lines).raw(last), 5, "sequenceNumber");
}

TEST(Reader, RejectsRecordsOutOfPlace) {
  expect_error(begun().step("s", kMeasured), 3, "was not started");
  expect_error(begun().started("s").step("s", kEnded).step("s", kMeasured), 6, "has ended");
  expect_error(begun().started("s").started("s"), 5, "started twice");
  expect_error(begun().step("s", {{"testStepStart", {{"name", "x"}}}}).step("s", kMeasured), 4,
               "lacks its assay.step");
  const json end{{"testRunEnd", {{"status", "COMPLETE"}, {"result", "PASS"}}}};
  expect_error(begun().started("s").run(end), 5, "is open");
  expect_error(begun().run(end), 3, "without a judgement");
  expect_error(judged(begun()).run(end).run({{"log", {{"severity", "INFO"}, {"message", "x"}}}}), 7,
               "after testRunEnd");
  expect_error(begun().started("s").step("s", extension("assay.error", {{"symptom", "x"}})), 5,
               "without its error");
}

TEST(Reader, ToleratesATornEnd) {
  const Lines whole = begun().started("s").step("s", kMeasured);
  const RunRecord run = parse_records(whole.text() + "{\"sequenceNumber\":5,\"timest");
  EXPECT_TRUE(run.torn);
  EXPECT_EQ(run.valid_bytes, whole.text().size());
  EXPECT_EQ(run.next_sequence, 5);
  EXPECT_EQ(run.steps.at(0).measurements.size(), 1u);
  EXPECT_EQ(run.steps.at(0).status, Status::open);
  const RunRecord zeros = parse_records(whole.text() + std::string(512, '\0'));  // what a power cut may leave
  EXPECT_TRUE(zeros.torn);
  EXPECT_EQ(zeros.valid_bytes, whole.text().size());
}

TEST(Reader, AStepIsBegunByBothItsLines) {
  const Lines before = begun();
  const RunRecord run = parse_records(Lines(before).step("s", {{"testStepStart", {{"name", "x"}}}}).text());
  EXPECT_TRUE(run.steps.empty());
  EXPECT_TRUE(run.torn);
  EXPECT_EQ(run.valid_bytes, before.text().size());
  EXPECT_EQ(run.next_sequence, 2);
}

TEST(Reader, PassesOverWhatItDoesNotKeep) {
  const json log{{"log", {{"severity", "INFO"}, {"message", "x"}}}};
  const json file{{"file", {{"displayName", "t"}, {"uri", "t"}, {"isSnapshot", false}}}};
  const RunRecord run = parse_records(begun()
                                          .run(log)
                                          .started("s")
                                          .step("s", log)
                                          .step("s", file)
                                          .step("s", extension("other.name", {{"a", 1}}))
                                          .text());
  EXPECT_EQ(run.steps.size(), 1u);
  EXPECT_EQ(run.next_sequence, 8);
}

TEST(Reader, NothingStandsBesideOrAfterTheJudgement) {
  const json begins{{"testStepStart", {{"name", "judgement"}}}};
  const json error{{"error", {{"symptom", "x"}}}};
  expect_error(judged(begun()).started("s"), 6, "after the judgement");
  expect_error(begun().step("judgement", begins).run(error), 4, "after the judgement");
  expect_error(begun().step("judgement", begins).step("again", begins), 4, "second judgement");
  expect_error(begun().step("judgement", begins).step("judgement", kEnded), 4, "without a verdict");
}

TEST(Reader, KeepsWhatTheRunConcludedOfItself) {
  const json end{{"testRunEnd", {{"status", "COMPLETE"}, {"result", "FAIL"}}}};
  EXPECT_FALSE(parse_records(judged(begun()).text()).judgement) << "the run that goes on is judged again";
  const RunRecord run = parse_records(judged(begun()).run(end).text());
  ASSERT_TRUE(run.judgement);
  EXPECT_EQ(run.judgement->verdict, "REJECT");
  EXPECT_EQ(run.judgement->result, "FAIL");
  EXPECT_THAT(run.doubts, testing::IsEmpty());
  EXPECT_THAT(parse_records(judged(begun(), "others").run(end).text()).doubts,
              testing::ElementsAre(HasSubstr("other criteria")));
}

TEST(Reader, ASerialThatIsNotThePlansIsADoubt) {
  json start = start_json();
  start["testRunStart"]["dutInfo"]["hardwareInfos"][1]["serialNumber"] = "9999";
  const RunRecord run =
      parse_records(Lines().add("schemaVersion", schema_version()).run(start).started("sim-s").text());
  EXPECT_THAT(run.doubts, testing::ElementsAre(HasSubstr("serial number of gpu1")));
}

TEST(Reader, AnyTraceOfSimulationIsEnoughAndContradictionsAreSaid) {
  const auto read = [](json start, const char* step) {
    json& parameters = start["testRunStart"]["parameters"];
    parameters["plan_hash"] = content_hash(parameters["plan"]);
    return parse_records(Lines().add("schemaVersion", schema_version()).run(start).started(step).text());
  };
  json real = start_json();
  json& content = real["testRunStart"];
  content["parameters"]["plan"]["simulated"] = false;
  EXPECT_TRUE(read(real, "sim-s").plan.simulated);
  EXPECT_THAT(read(real, "sim-s").doubts, testing::ElementsAre(HasSubstr("real by the plan")));

  content["parameters"]["plan"]["node"] = "local";
  content["name"] = "assay";
  content["commandLine"] = "assay run";
  content["metadata"]["simulated"] = content["dutInfo"]["metadata"]["simulated"] = false;
  EXPECT_FALSE(read(real, "s").plan.simulated);
  EXPECT_THAT(read(real, "s").doubts, testing::IsEmpty());
  EXPECT_THAT(read(real, "sim-s").doubts, testing::ElementsAre(HasSubstr("simulated by the step ids")));

  const json faults =
      json::array({{{"name", "f"}, {"kind", "xid"}, {"part", "gpu0"}, {"parameters", json::object()}}});
  const std::tuple<const char*, const char*, json> traces[]{
      {"the run's name", "/name", "assay SIMULATED"},
      {"the metadata", "/dutInfo/metadata/simulated", true},
      {"the node's name", "/dutInfo/name", kSimulatedNodeName},
      {"the command line", "/commandLine", "assay run --node sim:x"},
      {"the plan's node", "/parameters/plan/node", "sim:x"},
      {"the plan's faults", "/parameters/plan/faults", faults},
  };
  for (const auto& [who, where, what] : traces) {
    json start = real;
    start["testRunStart"][json::json_pointer(where)] = what;
    EXPECT_TRUE(read(start, "s").plan.simulated) << who;
    EXPECT_THAT(read(start, "s").doubts, testing::ElementsAre(HasSubstr(std::string("simulated by ") + who)));
  }
}

TEST(Reader, SaysWhichFileItCannotRead) {
  EXPECT_THROW(read_records("/nowhere/records.jsonl"), std::runtime_error);
}

}  // namespace
}  // namespace assay::record
