// Faults to plant, configs/faults/*.toml, and the kinds that exist with their parameters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/model/finding_code.h"
#include "harness/model/part.h"
#include "harness/model/units.h"

namespace assay::config {

struct FaultParameter {
  std::string name, meaning;
  Unit unit = Unit::count;
  double minimum = 0, maximum = 0, fallback = 0;
};

/// What can be planted. node_sim/ acts on the kind's name.
struct FaultKind {
  std::string name, summary;
  std::string target;  // "gpu", "gpu/hbm"
  std::vector<FaultParameter> parameters;
};

const std::vector<FaultKind>& fault_kinds();

struct Expectation {
  std::string verdict;  // "REJECT", "INCONCLUSIVE", "ACCEPT"
  FindingCode code;
  Part part;
};

struct Fault {
  std::string name, summary, kind;
  Part part;
  std::map<std::string, double> parameters;  // all of the kind's, defaults filled in
  Expectation expect;
};

/// `spec` is FILE[:key=value,...]: key is a parameter of the kind, or "part". A name without a slash that is
/// no file is looked up as configs/faults/NAME.toml.
Fault load_fault(const std::string& spec, Diagnostics& diagnostics);

}  // namespace assay::config
