#include <map>
#include <memory>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/load.h"
#include "harness/config/paths.h"
#include "harness/model/plan.h"
#include "harness/registry.h"

namespace assay::cli {
namespace {

using nlohmann::json;

json measures_json(const Check& check) {
  json measures = json::array();
  for (const Measure& m : check.measures) {
    measures.push_back({{"name", m.name},
                        {"unit", symbol(m.unit)},
                        {"meaning", m.meaning},
                        {"subcomponent", m.subcomponent},
                        {"numbered", m.numbered},
                        {"may_lack", m.may_lack},
                        {"judged", m.judged}});
  }
  return measures;
}

/// Of the JSON form (docs/judgement.md): counts up when a key changes its meaning.
constexpr int kListSchema = 1;

json checks() {
  json list = json::array();
  for (const Check& check : all_checks()) {
    list.push_back({{"name", check.name},
                    {"summary", check.summary},
                    {"scope", name_of(check.scope)},
                    {"measures", measures_json(check)},
                    {"findings", check.findings},
                    {"detects", check.detects},
                    {"misses", check.misses},
                    {"device_evidence", check.device_evidence}});
  }
  return list;
}

json fault_kinds_json() {
  json list = json::array();
  for (const config::FaultKind& kind : config::fault_kinds()) {
    json parameters = json::array();
    for (const config::FaultParameter& p : kind.parameters) {
      json parameter{{"name", p.name}, {"meaning", p.meaning}, {"unit", symbol(p.unit)}};
      if (p.unit == Unit::text) {
        parameter["default"] = p.fallback_text;
        if (!p.choices.empty()) parameter["choices"] = p.choices;
      } else {
        parameter.update({{"min", p.minimum}, {"max", p.maximum}, {"default", p.fallback}});
      }
      parameters.push_back(std::move(parameter));
    }
    list.push_back({{"name", kind.name},
                    {"summary", kind.summary},
                    {"target", kind.target},
                    {"parameters", parameters}});
  }
  return list;
}

json faults() {
  json list = json::array();
  for (const std::string& name : config::names("faults")) {
    const config::Fault fault =
        load_or_complain([&](auto& d) { return config::load_fault(config::resolve("faults", name), d); });
    list.push_back({{"name", fault.name},
                    {"summary", fault.summary},
                    {"kind", fault.kind},
                    {"part", fault.part},
                    {"parameters", config::all_parameters(fault)},
                    {"expect",
                     {{"verdict", fault.expect.verdict},
                      {"code", fault.expect.code},
                      {"part", fault.expect.part},
                      {"profile", fault.expect.profile}}}});
  }
  return list;
}

json findings() {
  json list = json::array();
  for (const FindingKind& kind : load_findings()) {
    json actions = json::array();
    for (const assay::Action action : kind.actions) actions.push_back(name_of(action));
    list.push_back({{"name", kind.code},
                    {"summary", kind.summary.at("en")},
                    {"class", name_of(kind.cls)},
                    {"action", name_of(kind.actions.front())},
                    {"actions", std::move(actions)},
                    {"next_step", kind.next_step.at("en")}});
  }
  return list;
}

json profiles() {
  json list = json::array();
  for (const std::string& name : config::names("profiles")) {
    const config::Profile profile = load_profile(name);
    json names = json::array();
    for (const auto& entry : profile.checks) {
      for (const Body& body : entry.bodies) names.push_back(body.check);
    }
    list.push_back({{"name", name}, {"summary", profile.summary}, {"checks", names}});
  }
  return list;
}

json skus() {
  json list = json::array();
  for (const std::string& name : config::names("skus")) {
    const config::Sku sku = load_sku(name);
    list.push_back({{"name", name},
                    {"summary", sku.summary},
                    {"slots", sku.slots.size()},
                    {"certifiable", sku.certifiable}});
  }
  return list;
}

using Entries = json (*)();  // a list, each with a name and a summary

/// What each topic lists, by key.
const std::map<std::string, std::map<std::string, Entries>>& topics() {
  static const std::map<std::string, std::map<std::string, Entries>> table{
      {"checks", {{"checks", checks}}},
      {"faults", {{"faults", faults}, {"kinds", fault_kinds_json}}},
      {"findings", {{"findings", findings}}},
      {"profiles", {{"profiles", profiles}}},
      {"skus", {{"skus", skus}}}};
  return table;
}

void print_entries(const json& entries) {
  for (const json& entry : entries) {
    terminal::out("  {:<28} {}\n", entry.at("name").get<std::string>(),
                  entry.at("summary").get<std::string>());
    const std::pair<const char*, const char*> kMore[] = {
        {"detects", "detects"}, {"misses", "does not detect"}, {"device_evidence", "on a GPU"}};
    for (const auto& [key, label] : kMore) {
      const std::string text = entry.value(key, std::string());
      if (!text.empty()) terminal::out("  {:<28}   {}: {}\n", "", label, text);
    }
  }
}

/// Assay's tests of itself are in --json; nobody chooses them from a list.
json without_selftests(json checks) {
  json list = json::array();
  for (json& check : checks) {
    if (check.at("name").get<std::string>().rfind("selftest.", 0) != 0) list.push_back(std::move(check));
  }
  return list;
}

int list_action(const std::string& topic, bool as_json) {
  json all{{"schema", kListSchema}};
  for (const auto& [name, lists] : topics()) {
    if (!topic.empty() && topic != name) continue;
    for (const auto& [key, make] : lists) all[key] = make();
  }
  if (as_json) {
    terminal::out_json(all);
    return Exit::accept;
  }
  for (const auto& [name, lists] : topics()) {
    for (const auto& [key, make] : lists) {
      if (!all.contains(key)) continue;
      terminal::out("{}\n", key == "kinds" ? "kinds of fault" : key);
      print_entries(key == "checks" ? without_selftests(all.at(key)) : all.at(key));
    }
  }
  return Exit::accept;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto topic = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("list", "What there is: checks, faults, findings, profiles, skus");
  std::vector<std::string> names;
  for (const auto& [name, make] : topics()) names.push_back(name);
  verb->add_option("TOPIC", *topic, "One of them; all when left out")->check(CLI::IsMember(names));
  verb->add_flag("--json", *as_json, "As JSON");
  verb->callback(
      [&action, topic, as_json] { action = [topic, as_json] { return list_action(*topic, *as_json); }; });
}

}  // namespace assay::cli
