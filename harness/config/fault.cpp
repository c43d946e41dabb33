#include "harness/config/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "harness/config/fault_reader.h"
#include "harness/config/nearest.h"
#include "harness/config/paths.h"
#include "harness/config/reader.h"
#include "harness/config/sim_fields.h"

namespace assay::config {
namespace {

const std::vector<std::string> kVerdicts{"ACCEPT", "INCONCLUSIVE", "REJECT"};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const FaultKind& kind : fault_kinds()) names.push_back(kind.name);
  return names;
}

const FaultKind* find_fault_kind(const std::string& name) {
  const auto& kinds = fault_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const FaultKind& k) { return k.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

/// What is wrong with `part` as a target of this kind; empty when nothing is.
std::string target_problem(const FaultKind& kind, const Part& part) {
  if (kind.target == "node")
    return part == "node" ? ""
                          : fmt::format("{} is planted in the node, \"node\", not in '{}'", kind.name, part);
  if (kind.target == "nvswitch") {
    if (part.nvswitch_number().value_or(kMostSimSwitches) < kMostSimSwitches) return {};
    return fmt::format("{} is planted in an NVSwitch, \"nvswitch0\" to \"nvswitch{}\", not in '{}'",
                       kind.name, kMostSimSwitches - 1, part);
  }
  const std::string below = kind.target.substr(std::min(kind.target.size(), std::string("gpu/").size()));
  const auto number = part.gpu_slot();
  if (number && part == Part::gpu(*number).below(below)) return {};
  return fmt::format("{} is planted in a {}, such as \"{}\", not in '{}'", kind.name, kind.target,
                     Part::gpu(3).below(below), part);
}

std::string value_problem(const FaultParameter& parameter, double value) {
  const bool whole = parameter.unit != Unit::count || value == std::floor(value);
  if (whole && value >= parameter.minimum && value <= parameter.maximum) return {};
  const std::string unit = parameter.unit == Unit::count ? "" : fmt::format(" {}", symbol(parameter.unit));
  return fmt::format("'{}' must be {}from {} to {}{}, not {}{}", parameter.name,
                     parameter.unit == Unit::count ? "a whole number " : "", parameter.minimum,
                     parameter.maximum, unit, value, unit);
}

std::string combination_problem(const FaultKind& kind, const Fault& fault) {
  return kind.problem == nullptr ? "" : kind.problem(fault);
}

std::string text_problem(const FaultParameter& parameter, const std::string& text) {
  const auto& choices = parameter.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    return fmt::format("'{}' cannot be \"{}\"{}", parameter.name, text, suggestion(text, choices));
  if (text.size() <= kLongestFaultText) return {};
  return fmt::format("'{}' has {} bytes, at most {} are possible", parameter.name, text.size(),
                     kLongestFaultText);
}

void read_parameter(Table& table, const FaultParameter& parameter, Fault& fault) {
  std::string problem;
  if (parameter.unit == Unit::text) {
    const auto text = table.optional_text(parameter.name);
    if (!text) return;
    fault.texts[parameter.name] = *text;
    problem = text_problem(parameter, *text);
  } else {
    const auto value = table.optional_quantity(parameter.name, parameter.unit);
    if (!value) return;
    fault.parameters[parameter.name] = *value;
    problem = value_problem(parameter, *value);
  }
  if (!problem.empty()) table.error(parameter.name, problem);
}

void read_parameters(Table& fault_table, const FaultKind& kind, Fault& fault) {
  for (const FaultParameter& parameter : kind.parameters) {
    if (parameter.unit == Unit::text) {
      fault.texts[parameter.name] = parameter.fallback_text;
    } else {
      fault.parameters[parameter.name] = parameter.fallback;
    }
  }
  auto table = fault_table.optional_table("parameters");
  if (!table) return;
  for (const FaultParameter& parameter : kind.parameters) read_parameter(*table, parameter, fault);
  const std::string problem = combination_problem(kind, fault);
  if (!problem.empty()) table->error(problem);
}

Expectation read_expectation(Table& table, const Vocabulary& vocabulary) {
  Expectation expect;
  expect.verdict = table.name_in("verdict", "verdict", kVerdicts);
  expect.code = table.name_in("code", "finding", vocabulary.finding_codes());
  expect.part = table.text("part");
  if (table.has("profile")) expect.profile = table.text("profile");
  if (!expect.part.empty() && !expect.part.is_valid()) {
    table.error("part", fmt::format("'{}' is no part, such as \"gpu3/hbm\"", expect.part));
  }
  return expect;
}

Fault read_file(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics) {
  Fault fault;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return fault;
  Table root = file.root();
  fault.name = file.stem();
  fault.summary = root.text("summary");
  if (auto table = root.table("fault")) {
    fault.kind = table->name_in("kind", "kind of fault", kind_names());
    fault.part = table->text("part");
    if (const FaultKind* kind = find_fault_kind(fault.kind)) {
      const std::string problem = fault.part.empty() ? "" : target_problem(*kind, fault.part);
      if (!problem.empty()) table->error("part", problem);
      read_parameters(*table, *kind, fault);
    } else {
      table->accept({"parameters"});
    }
  }
  if (auto table = root.table("expect")) fault.expect = read_expectation(*table, vocabulary);
  return fault;
}

/// A bare number is in the parameter's own unit; another unit is an error.
std::string set_parameter(Fault& fault, const FaultParameter& parameter, const std::string& text) {
  std::string problem;
  if (parameter.unit == Unit::text) {
    fault.texts[parameter.name] = text;
    return text_problem(parameter, text);
  }
  auto value = parse_number(text);
  if (!value && parameter.unit != Unit::count) value = parse_quantity(text, parameter.unit, problem);
  if (!value)
    return problem.empty() ? fmt::format("'{}' must be a number, not \"{}\"", parameter.name, text) : problem;
  fault.parameters[parameter.name] = *value;
  return value_problem(parameter, *value);
}

/// Moves the fault to another part, and what is expected of it along.
std::string set_part(Fault& fault, const FaultKind& kind, const Part& part) {
  std::string problem = target_problem(kind, part);
  if (!problem.empty()) return problem;
  if (fault.expect.part.unit() == fault.part.unit()) {
    fault.expect.part = part.unit().below(fault.expect.part.subcomponent());
  }
  fault.part = part;
  return {};
}

/// key=value of a fault specification; what is wrong with it, or nothing.
std::string apply(Fault& fault, const FaultKind& kind, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos) return fmt::format("'{}' is no key=value", setting);
  const std::string key = setting.substr(0, equals), text = setting.substr(equals + 1);
  if (key == "part") return set_part(fault, kind, text);
  std::vector<std::string> keys{"part"};
  for (const FaultParameter& parameter : kind.parameters) {
    if (parameter.name == key) return set_parameter(fault, parameter, text);
    keys.push_back(parameter.name);
  }
  return fmt::format("{} has no parameter '{}'{}", kind.name, key, suggestion(key, keys));
}

/// The key=value of a list. A comma within a text is no separator: what follows it names no parameter.
std::vector<std::string> settings_in(const std::string& list, const FaultKind& kind) {
  std::vector<std::string> settings;
  bool in_text = false;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string part = list.substr(begin, end - begin), key = part.substr(0, part.find('='));
    const auto named = std::find_if(kind.parameters.begin(), kind.parameters.end(),
                                    [&](const FaultParameter& parameter) { return parameter.name == key; });
    if (in_text && named == kind.parameters.end() && key != "part") {
      settings.back() += "," + part;
    } else {
      settings.push_back(part);
      in_text = named != kind.parameters.end() && named->unit == Unit::text;
    }
    begin = end + 1;
  }
  return settings;
}

}  // namespace

nlohmann::json all_parameters(const Fault& fault) {
  nlohmann::json all = fault.parameters;
  if (all.is_null()) all = nlohmann::json::object();
  for (const auto& [name, text] : fault.texts) all[name] = text;
  return all;
}

Fault read_fault(const std::string& spec, const Vocabulary& vocabulary, Diagnostics& diagnostics) {
  const std::size_t colon = spec.find(':');
  const std::string file = spec.substr(0, colon);
  const std::size_t errors_before = diagnostics.list().size();
  std::error_code failed;
  const std::string path = std::filesystem::is_regular_file(file, failed) ? file : resolve("faults", file);
  Fault fault = read_file(path, vocabulary, diagnostics);
  const FaultKind* kind = find_fault_kind(fault.kind);
  if (colon == std::string::npos || kind == nullptr) return fault;

  for (const std::string& setting : settings_in(spec.substr(colon + 1), *kind)) {
    const std::string problem = apply(fault, *kind, setting);
    if (!problem.empty()) diagnostics.add({"--fault " + spec, 0, 0, problem});
  }
  const bool clean = diagnostics.list().size() == errors_before;
  const std::string problem = clean ? combination_problem(*kind, fault) : "";
  if (!problem.empty()) diagnostics.add({"--fault " + spec, 0, 0, problem});
  return fault;
}

Fault load_fault(const std::string& spec, Diagnostics& diagnostics) {
  return read_fault(spec, shipped_vocabulary(diagnostics), diagnostics);
}

}  // namespace assay::config
