// Faults to plant, configs/faults/*.toml, and the kinds that exist with their parameters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/config/diagnostics.h"
#include "harness/model/finding_code.h"
#include "harness/model/part.h"
#include "harness/model/units.h"

namespace assay::config {

struct FaultParameter {
  std::string name, meaning;
  Unit unit = Unit::count;
  double minimum = 0, maximum = 0, fallback = 0;
  /// Unit::text: what it is where nothing is said, and all that it can be, where that is not any text.
  std::string fallback_text;
  std::vector<std::string> choices;
};

struct Fault;

/// What can be planted: the part of a kind that a configuration speaks of.
struct FaultKind {
  std::string name, summary;
  std::string target;  // "gpu", "gpu/hbm", "gpu/l2", "nvswitch", "node"
  std::vector<FaultParameter> parameters;
  /// What is wrong with the parameters together; empty where nothing is. May be null.
  std::string (*problem)(const Fault& fault) = nullptr;
  /// A worker that meets it dies or has to be killed, which one that is a thread cannot be.
  bool ends_workers = false;
};

/// Those of this binary, by name: whoever acts on a kind has registered it (node_sim/faults/).
const std::vector<FaultKind>& fault_kinds();
void register_fault_kind(FaultKind kind);

struct Expectation {
  std::string verdict;  // "REJECT", "INCONCLUSIVE", "ACCEPT"
  FindingCode code;
  Part part;
  std::string profile = "quick";  // that finds it
};

struct Fault {
  std::string name, summary, kind;
  Part part;
  std::map<std::string, double> parameters;  // all of the kind's, defaults filled in
  std::map<std::string, std::string> texts;  // parameters that are text
  Expectation expect;
};

/// Numbers and texts by name.
nlohmann::json all_parameters(const Fault& fault);

/// `spec` is FILE[:key=value,...]: key is a parameter of the kind, or "part". A name without a slash that is
/// no file is looked up as configs/faults/NAME.toml.
Fault load_fault(const std::string& spec, Diagnostics& diagnostics);

}  // namespace assay::config
