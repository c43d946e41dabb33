// The documented form of `assay judge --json`.
#include "harness/model/judgement.h"
#include "harness/model/values.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr const char* kEnglish = "en";

std::string english(const std::map<std::string, std::string>& texts) {
  const auto found = texts.find(kEnglish);
  return found == texts.end() ? std::string() : found->second;
}

void set_unless_empty(json& j, const char* key, const std::string& text) {
  if (!text.empty()) j[key] = text;
}

json evidence_json(const EvidenceItem& item) {
  json j = json::object();
  set_unless_empty(j, "step", item.step);
  set_unless_empty(j, "part", item.part.path());
  set_unless_empty(j, "measurement", item.measurement);
  if (item.value) j["value"] = value_to_json(*item.value);
  if (item.limit) j["limit"] = value_to_json(*item.limit);
  set_unless_empty(j, "unit", item.unit);
  set_unless_empty(j, "relation", item.relation);
  set_unless_empty(j, "source", item.source);
  set_unless_empty(j, "detail", item.detail.english);
  return j;
}

json consequence_json(const Consequence& consequence) {
  return {{"code", consequence.code},
          {"check", consequence.check},
          {"part", consequence.part},
          {"detail", consequence.detail.english}};
}

json translations(const Finding& finding) {
  json j = json::object();
  for (const auto& [language, text] : finding.summary) {
    if (language != kEnglish) j[language]["summary"] = text;
  }
  for (const auto& [language, text] : finding.next_step) {
    if (language != kEnglish) j[language]["next_step"] = text;
  }
  return j;
}

json finding_json(const Finding& finding) {
  json evidence = json::array();
  for (const EvidenceItem& item : finding.evidence) evidence.push_back(evidence_json(item));
  json consequences = json::array();
  for (const Consequence& item : finding.consequences) consequences.push_back(consequence_json(item));
  json actions = json::array();
  for (const Action action : finding.actions) actions.push_back(name_of(action));
  return {{"code", finding.code},
          {"class", name_of(finding.cls)},
          {"severity", name_of(finding.severity)},
          {"check", finding.check},
          {"part", finding.part},
          {"action", name_of(finding.actions.empty() ? Action::none : finding.actions.front())},
          {"actions", std::move(actions)},
          {"serial", finding.serial},
          {"slot", finding.slot},
          {"summary", english(finding.summary)},
          {"next_step", english(finding.next_step)},
          {"translations", translations(finding)},
          {"evidence", std::move(evidence)},
          {"consequences", std::move(consequences)}};
}

}  // namespace

json to_json(const Judgement& judgement) {
  json findings = json::array();
  for (const Finding& finding : judgement.findings) findings.push_back(finding_json(finding));
  json checks = json::array();
  for (const CheckOutcome& outcome : judgement.checks) {
    checks.push_back({{"check", outcome.check},
                      {"part", outcome.part},
                      {"status", name_of(outcome.status)},
                      {"result", name_of(outcome.result)},
                      {"attempts", outcome.attempts}});
  }
  return {{"schema", kJudgementSchema},           {"verdict", name_of(judgement.verdict)},
          {"headline", headline(judgement)},      {"simulated", judgement.simulated},
          {"profile", judgement.profile},         {"sku", judgement.sku},
          {"plan_hash", judgement.plan_hash},     {"criteria_hash", judgement.criteria_hash},
          {"waived", judgement.waived},           {"not_as_shipped", judgement.not_as_shipped},
          {"notes", in_english(judgement.notes)}, {"findings", std::move(findings)},
          {"checks", std::move(checks)}};
}

}  // namespace assay
