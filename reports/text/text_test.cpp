#include "harness/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "reports/report.h"
#include "reports/testing/golden.h"
#include "reports/testing/sample_run.h"
#include "reports/text/page.h"
#include "reports/text/width.h"

namespace assay::reports {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Sample {
  const char* name;
  samples::SampleRun (*make)();
  const char* language;
};

class TextReport : public ::testing::TestWithParam<Sample> {};

TEST_P(TextReport, EqualsItsGoldenFile) {
  const samples::SampleRun sample = GetParam().make();
  const std::string path =
      std::string("reports/text/golden/") + GetParam().name + "." + GetParam().language + ".txt";
  EXPECT_EQ(samples::difference_from_golden(path, text(sample.input(GetParam().language))), "");
}

TEST_P(TextReport, FitsIntoItsWidthAndHoldsNoControlCharacter) {
  const samples::SampleRun sample = GetParam().make();
  std::istringstream lines(text(sample.input(GetParam().language)));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), kTextWidth) << line;
    EXPECT_EQ(line, visible(line));
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
}

TEST_P(TextReport, SaysSimulatedFirst) {
  samples::SampleRun sample = GetParam().make();
  EXPECT_EQ(text(sample.input(GetParam().language)).rfind("SIMULATED", 0), 0u);
  sample.run.plan.simulated = sample.judgement.simulated = false;
  EXPECT_THAT(text(sample.input(GetParam().language)), Not(HasSubstr("SIMULATED")));
}

TEST(TextReportOfAllGpusAlike, IsOneCardThatNamesEach) {
  const samples::SampleRun sample = samples::alike_on_all_gpus();
  const std::string report = text(sample.input("en"));
  EXPECT_THAT(report, HasSubstr("What to do now (1)"));
  EXPECT_THAT(report, HasSubstr(" 1. all 8 GPUs   memory.miscompare"));
  EXPECT_THAT(report, HasSubstr("8 of 8 GPUs alike: suspect what they share first"));
  EXPECT_THAT(report, Not(HasSubstr(" 2. gpu1")));
  EXPECT_THAT(report, HasSubstr("Return nothing before that."));
  EXPECT_THAT(report, ContainsRegex("Action +mend the environment; if it comes again: "));
  for (int gpu = 0; gpu < 8; ++gpu)
    EXPECT_THAT(report, HasSubstr("- wrong words on slot " + std::to_string(gpu)));
  for (const Consequence& consequence : sample.judgement.findings[0].consequences)
    EXPECT_THAT(report, HasSubstr(consequence.code.text()));
}

INSTANTIATE_TEST_SUITE_P(Samples, TextReport,
                         ::testing::Values(Sample{"healthy", samples::healthy_run, "en"},
                                           Sample{"healthy", samples::healthy_run, "zh-CN"},
                                           Sample{"miscompare", samples::miscompare_run, "en"},
                                           Sample{"miscompare", samples::miscompare_run, "zh-CN"},
                                           Sample{"crashed_worker", samples::crashed_worker_run, "en"},
                                           Sample{"crashed_worker", samples::crashed_worker_run, "zh-CN"},
                                           Sample{"missing_gpu", samples::missing_gpu_run, "en"},
                                           Sample{"missing_gpu", samples::missing_gpu_run, "zh-CN"}),
                         [](const auto& sample) {
                           return std::string(sample.param.name) +
                                  (std::string(sample.param.language) == "en" ? "_en" : "_zh");
                         });

TEST(TextReportData, ReachesNoTerminalRaw) {
  const samples::SampleRun sample = samples::hostile_run();
  for (const char* language : {"en", "zh-CN"}) {
    std::istringstream lines(text(sample.input(language)));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(line, visible(line));
      EXPECT_NE(line.substr(0, 4), "\\x09") << "a line that data has begun";
    }
    EXPECT_THAT(lines.str(), HasSubstr("\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xff\\u{9b}\\u{61c}"));
  }
}

TEST(TextReportOwnConfiguration, StandsBesideTheVerdictInBothLanguages) {
  samples::SampleRun sample = samples::healthy_run();
  sample.judgement.not_as_shipped = {"profile /tmp/acceptance.toml"};
  const char* headline = "ACCEPT (profile /tmp/acceptance.toml, waived 1)";
  EXPECT_THAT(text(sample.input("en")), AllOf(HasSubstr(headline), HasSubstr("[OWN CONFIGURATION]")));
  EXPECT_THAT(
      text(sample.input("zh-CN")),
      AllOf(HasSubstr("接收（ACCEPT） (profile /tmp/acceptance.toml, waived 1)"), HasSubstr("[自定义配置]")));
}

TEST(TextReportColour, ComesOnlyWhenAsked) {
  const samples::SampleRun sample = samples::miscompare_run();
  EXPECT_THAT(text(sample.input("en")), Not(HasSubstr("\x1b[")));
  EXPECT_THAT(text(sample.input("en"), {.colour = true}), HasSubstr("\x1b[1;31m"));
}

TEST(TextReportEmpty, ARunThatHasNothingIsStillAReport) {
  samples::SampleRun sample;
  sample.run_folder.clear();
  EXPECT_THAT(text(sample.input("en")), HasSubstr("INCONCLUSIVE"));
}

TEST(TextReportSimulated, OneWitnessIsEnough) {
  samples::SampleRun sample = samples::healthy_run();
  sample.judgement.simulated = false;  // the plan still says so
  EXPECT_THAT(text(sample.input("en")), HasSubstr("SIMULATED"));
}

TEST(TextReportOfSharedGpus, SaysThatItIsFunctionalOnly) {
  samples::SampleRun sample = samples::healthy_run();
  EXPECT_THAT(text(sample.input("en")), Not(HasSubstr("unctional only")));
  Placement placement;
  placement.part = "node";
  placement.bodies = {{"memory.sweep"}};
  placement.participants = {{{"gpu0"}}, {{"gpu0"}}, {{"gpu0"}}, {{"gpu0"}}};
  sample.run.plan.stages.front().placements = {placement};
  const std::string page = text(sample.input("en")), chinese = text(sample.input("zh-CN"));
  EXPECT_THAT(page, HasSubstr("FUNCTIONAL ONLY"));
  EXPECT_THAT(page, HasSubstr("functional only: 4 NCCL ranks share one GPU; their speed means nothing"));
  EXPECT_THAT(chinese, HasSubstr("仅验证功能：4 个 NCCL rank 共用一块 GPU，其速度无意义"));
}

}  // namespace
}  // namespace assay::reports
