#include "harness/model/criteria.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay {
namespace {

Criteria sample() {
  Criteria c;
  c.sku = "h200-sxm-8";
  c.profile = "quick";
  c.certifiable = false;
  RequiredCheck required;
  required.check = "memory.bandwidth";
  required.parts = {"gpu0", "gpu1"};
  required.measures = {{"copy_bandwidth", Unit::gb_per_s, "hbm", true, {"gpu5"}},
                       {"note", Unit::text, "", false, {}}};
  required.measured_parts = {"gpu0"};
  required.occurrences = 2;
  c.required = {required};
  Limit rate;
  rate.check = "memory.bandwidth";
  rate.measurement = "copy_bandwidth";
  rate.kind = LimitKind::min;
  rate.bound = 3729.0;
  rate.unit = Unit::gb_per_s;
  rate.marginal_bound = 3870.0;
  rate.finding = "memory.slow";
  rate.source = "a source";
  rate.date = "2026-11-23";
  rate.reason = "a reason";
  rate.peak = "hbm_bandwidth";
  Limit name;
  name.kind = LimitKind::equal;
  name.bound = std::string("NVIDIA H200");
  name.unit = Unit::text;
  Limit peer;
  peer.kind = LimitKind::peer_ratio;
  peer.bound = 0.97;
  peer.scale_floor = 120;
  c.limits = {rate, name, peer};
  FindingKind finding;
  finding.code = "memory.slow";
  finding.cls = FindingClass::performance;
  finding.actions = {Action::rerun, Action::return_part};
  finding.subcomponent = "hbm";
  finding.explained_by = {"environment.not_idle"};
  finding.summary = {{"en", "slow"}, {"zh-CN", "偏慢"}};
  finding.next_step = {{"en", "return"}, {"zh-CN", "返厂"}};
  c.findings = {finding};
  c.waivers = {{"memory.slow", "gpu3", "1753724031847", "why", "who", "2027-01-31"}};
  return c;
}

TEST(Criteria, OthersThanTheShippedConfigurationsAreKeptAndLeftOutWhereThereAreNone) {
  Criteria criteria = sample();
  EXPECT_FALSE(nlohmann::json(criteria).contains("not_as_shipped"))
      << "the hash of earlier runs would change";
  criteria.not_as_shipped = {"profile /tmp/acceptance.toml"};
  EXPECT_EQ(nlohmann::json(criteria).get<Criteria>().not_as_shipped, criteria.not_as_shipped);
}

TEST(Criteria, RoundTrip) {
  const nlohmann::json written = sample();
  const Criteria read = nlohmann::json::parse(written.dump()).get<Criteria>();
  EXPECT_EQ(nlohmann::json(read), written);

  EXPECT_EQ(read.sku, "h200-sxm-8");
  EXPECT_FALSE(read.certifiable);
  ASSERT_EQ(read.required.size(), 1u);
  EXPECT_EQ(read.required[0].occurrences, 2);
  EXPECT_EQ(read.required[0].measured_parts, std::vector<Part>{"gpu0"});
  ASSERT_EQ(read.required[0].measures.size(), 2u);
  EXPECT_EQ(read.required[0].measures[0].unit, Unit::gb_per_s);
  EXPECT_EQ(read.required[0].measures[0].subcomponent, "hbm");
  EXPECT_EQ(read.required[0].measures[0].parts, std::vector<Part>{"gpu5"});
  EXPECT_FALSE(read.required[0].measures[1].judged);
  ASSERT_EQ(read.limits.size(), 3u);
  EXPECT_EQ(std::get<double>(read.limits[0].bound), 3729.0);
  EXPECT_EQ(read.limits[0].marginal_bound, 3870.0);
  EXPECT_EQ(read.limits[0].peak, "hbm_bandwidth");
  EXPECT_EQ(read.limits[0].reason, "a reason");
  EXPECT_EQ(std::get<std::string>(read.limits[1].bound), "NVIDIA H200");
  EXPECT_FALSE(read.limits[1].marginal_bound.has_value());
  EXPECT_EQ(read.limits[2].kind, LimitKind::peer_ratio);
  EXPECT_EQ(read.limits[2].scale_floor, 120);
  ASSERT_EQ(read.findings.size(), 1u);
  EXPECT_EQ(read.findings[0].actions, (std::vector{Action::rerun, Action::return_part}));
  EXPECT_EQ(read.findings[0].accuses, Accused::part);
  EXPECT_EQ(read.findings[0].subcomponent, "hbm");
  EXPECT_EQ(read.findings[0].summary.at("zh-CN"), "偏慢");
  ASSERT_EQ(read.waivers.size(), 1u);
  EXPECT_EQ(read.waivers[0].expires, "2027-01-31");
}

TEST(Criteria, EveryNameIsReadBack) {
  for (const LimitKind kind :
       {LimitKind::min, LimitKind::max, LimitKind::equal, LimitKind::peer_equal, LimitKind::peer_ratio}) {
    EXPECT_EQ(limit_kind_from(name_of(kind)), kind);
  }
  for (const FindingClass cls :
       {FindingClass::corruption, FindingClass::device_fault, FindingClass::incomplete,
        FindingClass::environment, FindingClass::condition, FindingClass::performance}) {
    EXPECT_EQ(finding_class_from(name_of(cls)), cls);
  }
  for (const Action action : all_actions()) EXPECT_EQ(action_from(name_of(action)), action);
  EXPECT_EQ(all_actions().back(), Action::return_part);
  for (const Accused accused : {Accused::part, Accused::harness, Accused::environment})
    EXPECT_EQ(accused_from(name_of(accused)), accused);
  EXPECT_EQ(name_of(Action::return_part), "return");
  EXPECT_FALSE(action_from("return_part").has_value());
}

TEST(Criteria, OfSchema2AccuseByTheAreaOfTheCodeAndHaveOneAction) {
  nlohmann::json j = sample();
  j["schema"] = 2;
  nlohmann::json& finding = j["findings"][0];
  for (const char* later : {"accuses", "subcomponent", "actions"}) finding.erase(later);
  finding["action"] = "reset";
  j["findings"].push_back(finding);
  j["findings"][1]["code"] = "harness.worker_lost";
  const auto read = j.get<Criteria>();
  EXPECT_EQ(read.findings[0].subcomponent, "hbm");
  EXPECT_EQ(read.findings[0].accuses, Accused::part);
  EXPECT_EQ(read.findings[0].actions, std::vector{Action::reset});
  EXPECT_EQ(read.findings[1].accuses, Accused::harness);
  EXPECT_EQ(read.findings[1].subcomponent, "");
  j["schema"] = kCriteriaSchema;
  EXPECT_THROW(j.get<Criteria>(), std::exception) << "today's have what they need";
}

TEST(Criteria, UnknownNamesAreRefused) {
  for (const char* path : {"/limits/0/kind", "/limits/0/unit", "/findings/0/class", "/findings/0/accuses",
                           "/findings/0/actions/0"}) {
    nlohmann::json j = sample();
    j[nlohmann::json::json_pointer(path)] = "nonsense";
    EXPECT_THROW(j.get<Criteria>(), std::runtime_error) << path;
  }
  nlohmann::json j = sample();
  j["limits"][0].erase("bound");
  EXPECT_THROW(j.get<Criteria>(), nlohmann::json::exception);
}

TEST(Criteria, FindsAKindByItsCode) {
  const Criteria c = sample();
  ASSERT_NE(find_kind(c, "memory.slow"), nullptr);
  EXPECT_EQ(find_kind(c, "memory.slow")->cls, FindingClass::performance);
  EXPECT_EQ(find_kind(c, "memory.slo"), nullptr);
}

}  // namespace
}  // namespace assay
