#include "harness/model/criteria.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "harness/base/parse_json.h"
#include "harness/model/content_hash.h"
#include "harness/model/schema.h"

namespace assay {
namespace {

template <typename Enum>
using Names = std::vector<std::pair<Enum, std::string_view>>;

const Names<LimitKind> kLimitKinds{{LimitKind::min, "min"},
                                   {LimitKind::max, "max"},
                                   {LimitKind::equal, "equal"},
                                   {LimitKind::one_of, "one_of"},
                                   {LimitKind::peer_equal, "peer_equal"},
                                   {LimitKind::peer_ratio, "peer_ratio"},
                                   {LimitKind::peer_excess, "peer_excess"}};
const Names<FindingClass> kClasses{
    {FindingClass::corruption, "corruption"}, {FindingClass::device_fault, "device_fault"},
    {FindingClass::incomplete, "incomplete"}, {FindingClass::environment, "environment"},
    {FindingClass::condition, "condition"},   {FindingClass::performance, "performance"}};
const Names<Action> kActions{{Action::none, "none"},
                             {Action::rerun, "rerun"},
                             {Action::fix_environment, "fix_environment"},
                             {Action::reset, "reset"},
                             {Action::power_cycle, "power_cycle"},
                             {Action::reseat, "reseat"},
                             {Action::swap_test, "swap_test"},
                             {Action::field_diagnostics, "field_diagnostics"},
                             {Action::return_part, "return"}};
const Names<Accused> kAccused{
    {Accused::part, "part"}, {Accused::harness, "harness"}, {Accused::environment, "environment"}};

template <typename Enum>
std::string_view name_in(const Names<Enum>& names, Enum value) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == value; });
  return found == names.end() ? "?" : found->second;
}

template <typename Enum>
std::optional<Enum> value_in(const Names<Enum>& names, std::string_view text) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.second == text; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

/// The value that `text` names, where criteria come from a file: an unknown name must not turn into a
/// default.
template <typename Value>
Value known(const std::optional<Value>& value, const char* what, const std::string& text) {
  if (!value) throw std::runtime_error(fmt::format("criteria: there is no {} '{}'", what, text));
  return *value;
}

Unit unit_in(const nlohmann::json& j) {
  const auto text = j.at("unit").get<std::string>();
  return known(unit_from_symbol(text), "unit", text);
}

}  // namespace

bool accuses(FindingClass cls) {
  return cls != FindingClass::incomplete && cls != FindingClass::environment;
}

bool is_waivable(FindingClass cls) {
  return cls == FindingClass::condition || cls == FindingClass::performance;
}

std::string_view name_of(LimitKind kind) {
  return name_in(kLimitKinds, kind);
}
std::string_view name_of(FindingClass cls) {
  return name_in(kClasses, cls);
}
std::string_view name_of(Action action) {
  return name_in(kActions, action);
}
std::string_view name_of(Accused accused) {
  return name_in(kAccused, accused);
}
std::optional<LimitKind> limit_kind_from(std::string_view text) {
  return value_in(kLimitKinds, text);
}
std::optional<FindingClass> finding_class_from(std::string_view text) {
  return value_in(kClasses, text);
}
std::optional<Action> action_from(std::string_view text) {
  return value_in(kActions, text);
}

std::optional<Accused> accused_from(std::string_view text) {
  return value_in(kAccused, text);
}
std::vector<Action> all_actions() {
  std::vector<Action> all;
  for (const auto& [action, name] : kActions) all.push_back(action);
  return all;
}

const FindingKind* find_kind(const Criteria& criteria, const FindingCode& code) {
  const auto& all = criteria.findings;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const FindingKind& kind) { return kind.code == code; });
  return found == all.end() ? nullptr : &*found;
}

static void to_json(nlohmann::json& j, const Limit& limit) {
  j = {{"check", limit.check},
       {"measurement", limit.measurement},
       {"kind", name_of(limit.kind)},
       {"unit", symbol(limit.unit)},
       {"scale_floor", limit.scale_floor},
       {"finding", limit.finding},
       {"source", limit.source},
       {"date", limit.date},
       {"reason", limit.reason},
       {"peak", limit.peak}};
  // Only where they are there: limits without them keep the hash that they had before these were known.
  if (!limit.variant.empty()) j["variant"] = limit.variant;
  if (!limit.during.empty()) j["during"] = limit.during;
  if (!limit.per.empty()) j["per"] = limit.per;
  if (limit.at > 0) j["at"] = limit.at;
  if (limit.less_air) j["less_air"] = true;
  std::visit([&](const auto& bound) { j["bound"] = bound; }, limit.bound);
  if (limit.marginal_bound) j["marginal_bound"] = *limit.marginal_bound;
}

static void from_json(const nlohmann::json& j, Limit& limit) {
  const auto kind = j.at("kind").get<std::string>();
  limit.kind = known(limit_kind_from(kind), "kind of limit", kind);
  limit.unit = unit_in(j);
  j.at("check").get_to(limit.check);
  j.at("measurement").get_to(limit.measurement);
  j.at("scale_floor").get_to(limit.scale_floor);
  j.at("finding").get_to(limit.finding);
  j.at("source").get_to(limit.source);
  j.at("date").get_to(limit.date);
  j.at("reason").get_to(limit.reason);
  j.at("peak").get_to(limit.peak);
  limit.variant = j.value("variant", std::string());
  limit.during = j.value("during", std::string());
  limit.per = j.value("per", std::string());
  limit.at = j.value("at", 0.0);
  limit.less_air = j.value("less_air", false);
  const nlohmann::json& bound = j.at("bound");
  if (bound.is_string()) {
    limit.bound = bound.get<std::string>();
  } else {
    limit.bound = bound.get<double>();
  }
  limit.marginal_bound.reset();
  if (j.contains("marginal_bound")) limit.marginal_bound = j.at("marginal_bound").get<double>();
}

static void to_json(nlohmann::json& j, const RequiredMeasure& measure) {
  j = {{"name", measure.name},
       {"unit", symbol(measure.unit)},
       {"subcomponent", measure.subcomponent},
       {"judged", measure.judged},
       {"parts", measure.parts}};
  // Runs of before are known by what they say without them.
  if (measure.numbered) j["numbered"] = true;
  if (measure.may_lack) j["may_lack"] = true;
  if (!measure.asked_by.empty()) j["asked_by"] = measure.asked_by;
}

static void from_json(const nlohmann::json& j, RequiredMeasure& measure) {
  measure.unit = unit_in(j);
  j.at("name").get_to(measure.name);
  j.at("subcomponent").get_to(measure.subcomponent);
  j.at("judged").get_to(measure.judged);
  j.at("parts").get_to(measure.parts);
  measure.numbered = j.value("numbered", false);
  measure.may_lack = j.value("may_lack", false);
  measure.asked_by = j.value("asked_by", "");
}

static void to_json(nlohmann::json& j, const RequiredCheck& check) {
  j = {{"check", check.check},
       {"parts", check.parts},
       {"measures", check.measures},
       {"measured_parts", check.measured_parts},
       {"occurrences", check.occurrences},
       {"follow_up", check.follow_up}};
}

static void from_json(const nlohmann::json& j, RequiredCheck& check) {
  j.at("check").get_to(check.check);
  j.at("parts").get_to(check.parts);
  j.at("measures").get_to(check.measures);
  j.at("measured_parts").get_to(check.measured_parts);
  check.occurrences = int_from(j.at("occurrences"));
  check.follow_up = j.value("follow_up", false);
}

static void to_json(nlohmann::json& j, const FindingKind& kind) {
  j = {{"code", kind.code},
       {"class", name_of(kind.cls)},
       {"accuses", name_of(kind.accuses)},
       {"subcomponent", kind.subcomponent},
       {"actions", nlohmann::json::array()},
       {"explained_by", kind.explained_by},
       {"summary", kind.summary},
       {"next_step", kind.next_step}};
  for (const Action action : kind.actions) j["actions"].push_back(name_of(action));
  if (!kind.of_most.empty()) j["of_most"] = kind.of_most;
}

/// Until schema 2 the area of its code said whom a finding accuses, and there was one action.
static nlohmann::json from_schema_2(nlohmann::json finding) {
  const std::string area = finding.at("code").get<FindingCode>().area();
  finding["accuses"] = name_of(accused_from(area).value_or(Accused::part));
  finding["subcomponent"] = area == "memory" ? "hbm" : "";
  finding["actions"] = nlohmann::json::array({finding.at("action")});
  return finding;
}

static void from_json(const nlohmann::json& j, FindingKind& kind) {
  const auto cls = j.at("class").get<std::string>();
  const auto accused = j.at("accuses").get<std::string>();
  kind.cls = known(finding_class_from(cls), "class of findings", cls);
  kind.accuses = known(accused_from(accused), "accused", accused);
  j.at("code").get_to(kind.code);
  j.at("subcomponent").get_to(kind.subcomponent);
  kind.actions.clear();
  for (const auto& action : j.at("actions").get<std::vector<std::string>>())
    kind.actions.push_back(known(action_from(action), "action", action));
  if (kind.actions.empty()) throw std::runtime_error("criteria: a finding has no actions");
  j.at("explained_by").get_to(kind.explained_by);
  if (j.contains("of_most")) j.at("of_most").get_to(kind.of_most);
  j.at("summary").get_to(kind.summary);
  j.at("next_step").get_to(kind.next_step);
}

static void to_json(nlohmann::json& j, const Waiver& waiver) {
  j = {{"finding", waiver.finding}, {"part", waiver.part}, {"serial", waiver.serial},
       {"reason", waiver.reason},   {"who", waiver.who},   {"expires", waiver.expires}};
}

static void from_json(const nlohmann::json& j, Waiver& waiver) {
  j.at("finding").get_to(waiver.finding);
  j.at("part").get_to(waiver.part);
  j.at("serial").get_to(waiver.serial);
  j.at("reason").get_to(waiver.reason);
  j.at("who").get_to(waiver.who);
  j.at("expires").get_to(waiver.expires);
}

void to_json(nlohmann::json& j, const Criteria& criteria) {
  j = {{"schema", kCriteriaSchema},
       {"sku", criteria.sku},
       {"profile", criteria.profile},
       {"certifiable", criteria.certifiable},
       {"required", criteria.required},
       {"limits", criteria.limits},
       {"findings", criteria.findings},
       {"waivers", criteria.waivers},
       {"replaced_limits", criteria.replaced_limits}};
  for (const auto& [part, warmer_c] : criteria.warmer_air_c) j["warmer_air_c"][part.path()] = warmer_c;
  if (!criteria.unmet_wishes.empty()) j["unmet_wishes"] = criteria.unmet_wishes;
  if (!criteria.event_catalogue.empty()) j["event_catalogue"] = criteria.event_catalogue;
  if (!criteria.manifest.empty()) j["manifest"] = criteria.manifest;
  if (!criteria.not_as_shipped.empty()) j["not_as_shipped"] = criteria.not_as_shipped;
}

void from_json(const nlohmann::json& j, Criteria& criteria) {
  const bool older = schema_of(j, kCriteriaSchema) < kCriteriaSchema;
  criteria.hash_as_read = older ? content_hash(j) : std::string();
  j.at("sku").get_to(criteria.sku);
  j.at("profile").get_to(criteria.profile);
  j.at("certifiable").get_to(criteria.certifiable);
  j.at("required").get_to(criteria.required);
  j.at("limits").get_to(criteria.limits);
  nlohmann::json findings = j.at("findings");
  if (older) {
    for (nlohmann::json& finding : findings) finding = from_schema_2(std::move(finding));
  }
  findings.get_to(criteria.findings);
  j.at("waivers").get_to(criteria.waivers);
  j.at("replaced_limits").get_to(criteria.replaced_limits);
  criteria.warmer_air_c.clear();
  for (const auto& [part, warmer_c] : j.value("warmer_air_c", nlohmann::json::object()).items())
    criteria.warmer_air_c[part] = warmer_c.get<double>();
  criteria.unmet_wishes = j.value("unmet_wishes", std::map<std::string, std::string>{});
  criteria.event_catalogue = j.value("event_catalogue", std::vector<std::string>{});
  criteria.manifest = j.contains("manifest") ? j.at("manifest").get<Manifest>() : Manifest{};
  criteria.not_as_shipped = j.value("not_as_shipped", std::vector<std::string>{});
}

std::string hash_of(const Criteria& criteria) {
  return criteria.hash_as_read.empty() ? content_hash(criteria) : criteria.hash_as_read;
}

}  // namespace assay
