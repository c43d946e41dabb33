// Whatever data holds, it moves no cursor and hides nothing: on the terminal, in JSON, on the page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/base/text.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

void expect_visible(const std::string& output) {
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line, visible(line));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

struct VisibleOutput : testing::Test {
  ScratchFolder scratch;

  Finished seen(const std::vector<std::string>& arguments) {
    Finished finished = assay(scratch, arguments);
    expect_visible(finished.out);
    expect_visible(finished.err);
    return finished;
  }

  /// A simulated node with a serial that would clear the screen, begin lines and turn the reading.
  std::string hostile_node() {
    const std::string sim = ASSAY_SOURCE_DIR "/configs/sim/";
    std::filesystem::copy_file(sim + "plant-h200.toml", scratch / "plant-h200.toml");
    const std::string text = replaced(read_text(sim + "h200-8gpu.toml"), "\"1753724031847\"",
                                      R"("1\u001b[2J\r\n\t\u202e\u200b9")");
    return "sim:" + scratch.write("node.toml", text);
  }
};

const std::string kShownSerial = R"(1\x1b[2J\x0d\x0a\x09\u{202e}\u{200b}9)";
const std::string kShownSerialInJson = R"("1\u001b[2J\r\n\t\u202e\u200b9")";

TEST_F(VisibleOutput, OfAPlanWhoseSerialsAreHostile) {
  const std::string node = hostile_node();
  const Finished plan = seen({"plan", "--node", node, "--seed", "7"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("serial " + kShownSerial + "  NVIDIA H200"));
  const Finished json = seen({"plan", "--node", node, "--seed", "7", "--json"});
  EXPECT_TRUE(nlohmann::json::accept(json.out));
  EXPECT_THAT(json.out, HasSubstr(kShownSerialInJson));
}

TEST_F(VisibleOutput, OfARunItsJudgementAndItsReports) {
  const Finished run = seen(
      {"run", "--node", hostile_node(), "--seed", "7", "--fault", "data-wire", "--out", scratch / "out"});
  EXPECT_EQ(run.exit_code, 10) << run.err;
  EXPECT_THAT(run.out, HasSubstr(kShownSerial));
  const std::string folder = only_run(scratch);
  EXPECT_THAT(seen({"judge", folder}).out, HasSubstr(kShownSerial));
  EXPECT_THAT(seen({"judge", folder, "--json"}).out, HasSubstr(kShownSerialInJson));
  EXPECT_THAT(seen({"report", folder, "--lang", "zh-CN"}).out, HasSubstr("序列号"));
  EXPECT_THAT(seen({"report", folder, "--format", "html"}).out, HasSubstr(kShownSerial));
  expect_visible(read_text(folder + "/report.html"));
}

TEST_F(VisibleOutput, OfRecordsThatWereEdited) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::filesystem::remove(folder + "/SHA256SUMS");
  const std::string records = read_text(folder + "/records.jsonl");
  const auto first_end = records.find("\"testStepStart\"");  // before it is what is hashed
  ASSERT_NE(first_end, std::string::npos);
  std::string steps = records.substr(first_end);
  const std::string hostile = R"(\u001b[2J\r\n\u202e)";
  steps = replaced(steps, "\"memory.sweep\"", "\"memory.sweep" + hostile + "\"");
  steps = replaced(steps, "\"copy_bandwidth\"", "\"copy_bandwidth" + hostile + "\"");
  steps = replaced(steps, "\"gpu3\"", "\"gpu3" + hostile + "\"");
  std::ofstream(folder + "/records.jsonl") << records.substr(0, first_end) << steps;
  const std::string shown = R"(\x1b[2J\x0d\x0a\u{202e})";
  EXPECT_THAT(seen({"report", folder}).out, HasSubstr(shown));
  EXPECT_THAT(seen({"report", folder, "--format", "html"}).out, HasSubstr(shown));
  seen({"judge", folder});
  EXPECT_TRUE(nlohmann::json::accept(seen({"judge", folder, "--json"}).out));
}

TEST_F(VisibleOutput, OfErrors) {
  const std::string hostile = "a\x1b[2J\r\nassay: ACCEPT\u202e\u009b";
  const std::string shown = R"(a\x1b[2J\x0d\x0aassay: ACCEPT\u{202e}\u{9b})";
  const std::vector<std::vector<std::string>> mistakes{
      {hostile},
      {"run", "--" + hostile},
      {"run", hostile},
      {"run", "--sku", hostile},
      {"run", "--node", hostile},
      {"run", "--node", "sim:" + hostile},
      {"plan", "--node", "sim:h200-8gpu", "--profile", hostile},
      {"plan", "--node", "sim:h200-8gpu", "--limits", hostile + "/x"},
      {"plan", "--node", "sim:h200-8gpu", "--fault", "slow-hbm:" + hostile},
      {"plan", "--node", "sim:h200-8gpu", "--only", hostile},
      {"plan", "--node", "sim:h200-8gpu", "--seed", hostile},
      {"judge", hostile},
      {"list", hostile},
  };
  for (const auto& arguments : mistakes) {
    const Finished finished = seen(arguments);
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(shown));
  }
}

TEST_F(VisibleOutput, OfErrorsOfAFile) {
  const std::string limits =
      scratch.write("limits.toml", R"("k\u001b[2J\n\u202e" = 1)"
                                   "\n[[limits]]\ncheck = \"\\u001b[2J\\nassay: ACCEPT\"\n");
  const Finished finished = seen({"plan", "--node", "sim:h200-8gpu", "--limits", limits});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("limits.toml:1:1: unknown key 'k\\x1b[2J\\x0a\\u{202e}'"));
  EXPECT_THAT(finished.err, HasSubstr("\\x1b[2J\\x0aassay: ACCEPT"));
}

TEST_F(VisibleOutput, OfAnArgumentThatIsNoUtf8) {
  const Finished finished = seen({"judge", "caf\xe9"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("caf\\xe9: this is not valid UTF-8"));
}

}  // namespace
}  // namespace assay
