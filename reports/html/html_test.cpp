#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <vector>

#include "harness/base/text.h"
#include "reports/report.h"
#include "reports/testing/golden.h"
#include "reports/testing/sample_run.h"

namespace assay::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Sample {
  const char* name;
  samples::SampleRun (*make)();
  const char* language;
};

class HtmlReport : public ::testing::TestWithParam<Sample> {};

TEST_P(HtmlReport, EqualsItsGoldenFile) {
  const samples::SampleRun sample = GetParam().make();
  const std::string path =
      std::string("reports/html/golden/") + GetParam().name + "." + GetParam().language + ".html";
  EXPECT_EQ(samples::difference_from_golden(path, html(sample.input(GetParam().language))), "");
}

TEST_P(HtmlReport, EveryElementIsClosedInItsOrder) {
  const samples::SampleRun sample = GetParam().make();
  const std::string page = html(sample.input(GetParam().language));
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
  for (auto it = std::sregex_iterator(page.begin(), page.end(), tag); it != std::sregex_iterator(); ++it) {
    const std::string name = (*it)[2];
    if (name == "meta" || name == "wbr") continue;
    if ((*it)[1].length() == 0) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty());
    ASSERT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST_P(HtmlReport, RefersToNothingOutsideItself) {
  const samples::SampleRun sample = GetParam().make();
  const std::string page = html(sample.input(GetParam().language));
  for (const char* reference :
       {"http:", "https:", "src=", "href=", "url(", "@import", "<link", "<script", "<img"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, HtmlReport,
                         ::testing::Values(Sample{"healthy", samples::healthy_run, "en"},
                                           Sample{"miscompare", samples::miscompare_run, "en"},
                                           Sample{"miscompare", samples::miscompare_run, "zh-CN"},
                                           Sample{"crashed_worker", samples::crashed_worker_run, "en"},
                                           Sample{"missing_gpu", samples::missing_gpu_run, "zh-CN"}),
                         [](const auto& sample) {
                           return std::string(sample.param.name) +
                                  (std::string(sample.param.language) == "en" ? "_en" : "_zh");
                         });

TEST(HtmlReportEscaping, MarkupInASerialOrAMessageIsText) {
  const samples::SampleRun sample = samples::miscompare_run();
  const std::string page = html(sample.input("en"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;2&quot;)&lt;/script&gt;"));
  EXPECT_THAT(page,
              HasSubstr("&lt;script&gt;alert(&#39;message&#39;)&lt;/script&gt; &amp; &quot;quotes&quot;"));
}

TEST(HtmlReportEscaping, DataReachesNoPageRaw) {
  const samples::SampleRun sample = samples::hostile_run();
  std::istringstream lines(html(sample.input("zh-CN")));
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line, visible(line));
  EXPECT_THAT(lines.str(), HasSubstr("\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xff\\u{9b}\\u{61c}"));
}

TEST(HtmlReportOwnConfiguration, StandsBesideTheVerdictInBothLanguages) {
  samples::SampleRun sample = samples::healthy_run();
  sample.judgement.not_as_shipped = {"profile /tmp/acceptance.toml"};
  const char* headline = "<strong>ACCEPT (profile /tmp/acceptance.toml, waived 1)</strong>";
  EXPECT_THAT(html(sample.input("en")), AllOf(HasSubstr(headline), HasSubstr(">OWN CONFIGURATION<")));
  EXPECT_THAT(html(sample.input("zh-CN")),
              AllOf(HasSubstr("<strong>接收（ACCEPT） (profile /tmp/acceptance.toml, waived 1)</strong>"),
                    HasSubstr(">自定义配置<")));
}

TEST(HtmlReportOfAllGpusAlike, IsOneCardThatIsCountedOnce) {
  const std::string page = html(samples::alike_on_all_gpus().input("en"));
  EXPECT_THAT(page, HasSubstr("What to do now (1)"));
  EXPECT_THAT(page, HasSubstr("1. all 8 GPUs"));
  EXPECT_THAT(page, HasSubstr("Return nothing before that."));
  for (int gpu = 0; gpu < 8; ++gpu)
    EXPECT_THAT(page, HasSubstr("<li>wrong words on slot " + std::to_string(gpu)));
}

TEST(HtmlReportBand, IsThereForSimulatedRunsAndOnlyForThem) {
  samples::SampleRun sample = samples::healthy_run();
  EXPECT_THAT(html(sample.input("en")), HasSubstr("class=\"band\""));
  sample.judgement.simulated = false;  // the plan still says so
  EXPECT_THAT(html(sample.input("en")), HasSubstr("class=\"band\""));
  sample.run.plan.simulated = false;
  EXPECT_THAT(html(sample.input("en")), Not(HasSubstr("class=\"band\"")));
  EXPECT_THAT(html(sample.input("en")), Not(HasSubstr("SIMULATED")));
}

TEST(HtmlReportEmpty, ARunThatHasNothingIsStillAReport) {
  const samples::SampleRun sample;
  EXPECT_THAT(html(sample.input("en")), HasSubstr("INCONCLUSIVE"));
}

TEST(HtmlReportLanguage, AnUnknownOneReadsAsEnglish) {
  const samples::SampleRun sample = samples::healthy_run();
  EXPECT_EQ(html(sample.input("fr")), html(sample.input("en")));
  EXPECT_THAT(html(sample.input("zh-CN")), HasSubstr("lang=\"zh-CN\""));
}

TEST(HtmlMap, ShowsWhatIsNotZeroWhereItLies) {
  samples::SampleRun sample = samples::miscompare_run();
  sample.run.steps.front().evidence.push_back(
      {"sm_map", {{"columns", 3U}, {"values", {0, 0, 7, 0, 1234567}}}});
  const std::string page = html(sample.input("en"));
  EXPECT_THAT(page, HasSubstr("class=\"map\""));
  EXPECT_THAT(page, HasSubstr("<td class=\"outside\">7</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"outside\">1.2e+06</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">3</th>"));
}

/// What is light and what is dark, in both languages, and the numbers again as a table.
TEST(HtmlPairs, AreAHeatMapAndATable) {
  samples::SampleRun sample = samples::healthy_run();
  sample.run.steps.front().evidence.push_back(
      {"pairs", nlohmann::json::array({{{"of", "copies"},
                                        {"unit", "GB/s"},
                                        {"better", "more"},
                                        {"parts", {"gpu0", "<gpu1>"}},
                                        {"rows", {{nullptr, 396.25}, {120.0, nullptr}}}}})});
  const std::string page = html(sample.input("en"));
  EXPECT_THAT(page, HasSubstr("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\""));
  EXPECT_THAT(page, HasSubstr("Between the GPUs"));
  EXPECT_THAT(page, HasSubstr("<title>&lt;gpu1&gt; - gpu0: 120 GB/s</title>"));
  EXPECT_THAT(page, HasSubstr("fill=\"#deebf7\"")) << "as good as the middle";
  EXPECT_THAT(page, HasSubstr("fill=\"#a50f15\"")) << "less than half of it";
  EXPECT_THAT(page, HasSubstr("<td>396.25</td>"));
  EXPECT_THAT(html(sample.input("zh-CN")), HasSubstr("GPU 之间"));
}

TEST(HtmlMap, WhatIsNoMapIsShownAsItIs) {
  for (const nlohmann::json& odd : {nlohmann::json{{"columns", 0U}, {"values", {1}}},
                                    nlohmann::json{{"columns", 3U}, {"values", {"text"}}},
                                    nlohmann::json{{"columns", -1}, {"values", {1}}}}) {
    samples::SampleRun sample = samples::miscompare_run();
    sample.run.steps.front().evidence.push_back({"odd", odd});
    EXPECT_THAT(html(sample.input("en")), Not(HasSubstr("class=\"map\"")));
  }
}

TEST(HtmlReportOfSharedGpus, SaysThatItIsFunctionalOnly) {
  samples::SampleRun sample = samples::healthy_run();
  EXPECT_THAT(html(sample.input("en")), Not(HasSubstr("unctional only")));
  Placement placement;
  placement.part = "node";
  placement.bodies = {{"memory.sweep"}};
  placement.participants = {{{"gpu0"}}, {{"gpu0"}}, {{"gpu0"}}, {{"gpu0"}}};
  sample.run.plan.stages.front().placements = {placement};
  const std::string page = html(sample.input("en")), chinese = html(sample.input("zh-CN"));
  EXPECT_THAT(page, HasSubstr("FUNCTIONAL ONLY"));
  EXPECT_THAT(page, HasSubstr("functional only: 4 NCCL ranks share one GPU; their speed means nothing"));
  EXPECT_THAT(chinese, HasSubstr("仅验证功能：4 个 NCCL rank 共用一块 GPU，其速度无意义"));
}

}  // namespace
}  // namespace assay::reports
