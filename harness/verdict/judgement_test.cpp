#include "harness/model/judgement.h"

#include <gtest/gtest.h>

#include "harness/testing/run_builder.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

using nlohmann::json;

TEST(Headline, CountsWaiversOnlyWhereItAccepts) {
  Judgement judgement;
  EXPECT_EQ(headline(judgement), "INCONCLUSIVE");
  judgement.verdict = Verdict::accept;
  EXPECT_EQ(headline(judgement), "ACCEPT");
  judgement.waived = 2;
  EXPECT_EQ(headline(judgement), "ACCEPT (waived 2)");
  judgement.verdict = Verdict::reject;
  EXPECT_EQ(headline(judgement), "REJECT");
}

TEST(Headline, NamesConfigurationsThatAreNotTheShippedOnesBesideEveryVerdict) {
  Judgement judgement;
  judgement.not_as_shipped = {"profile /tmp/acceptance.toml", "sku configs/skus/x.toml, not as shipped"};
  judgement.waived = 1;
  const std::string others = "profile /tmp/acceptance.toml, sku configs/skus/x.toml, not as shipped";
  EXPECT_EQ(headline(judgement), "INCONCLUSIVE (" + others + ")");
  judgement.verdict = Verdict::accept;
  EXPECT_EQ(headline(judgement), "ACCEPT (" + others + ", waived 1)");
  judgement.verdict = Verdict::reject;
  EXPECT_EQ(headline(judgement), "REJECT (" + others + ")");
}

TEST(Judge, TakesConfigurationsThatAreNotTheShippedOnesFromTheCriteria) {
  Criteria criteria = builders::sample_criteria();
  criteria.not_as_shipped = {"profile /tmp/quick.toml"};
  const RunRecord run = builders::healthy_run(criteria);
  const Judgement judgement = judge(run, criteria);
  EXPECT_EQ(headline(judgement), "ACCEPT (profile /tmp/quick.toml)");
  EXPECT_NE(json(in_english(judgement.notes)).dump().find("/tmp/quick.toml"), std::string::npos);
  EXPECT_EQ(to_json(judgement).at("not_as_shipped"), json({"profile /tmp/quick.toml"}));
}

TEST(JudgementJson, HasTheDocumentedKeys) {
  const Criteria criteria = builders::sample_criteria();
  RunRecord run = builders::healthy_run(criteria);
  builders::measurement_of(builders::step_of(run, "memory.sweep", "gpu3"), "bad_words", "gpu3/hbm").value =
      17.0;
  const json answer = to_json(judge(run, criteria));
  EXPECT_EQ(answer.at("verdict"), "REJECT");
  EXPECT_EQ(answer.at("simulated"), true);
  EXPECT_EQ(answer.at("profile"), "quick");
  EXPECT_EQ(answer.at("sku"), "h200-sxm-8");
  EXPECT_EQ(answer.at("plan_hash"), run.plan_hash);
  EXPECT_EQ(answer.at("criteria_hash"), run.criteria_hash);
  EXPECT_EQ(answer.at("waived"), 0);
  EXPECT_TRUE(answer.at("notes").is_array());
  EXPECT_TRUE(answer.at("not_as_shipped").empty());
  const json finding = answer.at("findings").at(0);
  EXPECT_EQ(finding.at("code"), "memory.miscompare");
  EXPECT_EQ(finding.at("class"), "corruption");
  EXPECT_EQ(finding.at("severity"), "fail");
  EXPECT_EQ(finding.at("check"), "memory.sweep");
  EXPECT_EQ(finding.at("part"), "gpu3/hbm");
  EXPECT_EQ(finding.at("action"), name_of(Action::return_part));
  EXPECT_EQ(finding.at("serial"), "1650gpu3");
  EXPECT_EQ(finding.at("slot"), "slot gpu3");
  EXPECT_FALSE(finding.at("summary").get<std::string>().empty());
  EXPECT_FALSE(finding.at("next_step").get<std::string>().empty());
  EXPECT_EQ(finding.at("translations").at("zh-CN").at("summary"), "gpu3/hbm：17");
  EXPECT_TRUE(finding.at("consequences").empty());
  const json evidence = finding.at("evidence").at(0);
  EXPECT_EQ(evidence.at("measurement"), "bad_words");
  EXPECT_EQ(evidence.at("value"), 17);
  EXPECT_EQ(evidence.at("limit"), 0);
  EXPECT_EQ(evidence.at("unit"), "1");
  const json expected{{"check", "memory.sweep"},
                      {"part", "gpu3"},
                      {"status", "complete"},
                      {"result", "fail"},
                      {"attempts", 1}};
  EXPECT_EQ(answer.at("checks").at(4), expected);
}

}  // namespace
}  // namespace assay::verdict
