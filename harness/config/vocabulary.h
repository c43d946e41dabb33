// The names that a configuration file may use: checks with their measures, and findings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/model/criteria.h"
#include "harness/registry.h"

namespace assay::config {

struct Vocabulary {
  std::vector<Check> checks;  // of the registry, and "telemetry" for what the sampler measures
  std::vector<FindingKind> findings;

  const Check* check(std::string_view name) const;
  const FindingKind* finding(const FindingCode& code) const;
  std::vector<std::string> check_names() const;
  std::vector<std::string> finding_codes() const;
};

/// This binary's checks and the configs folder's catalogue, whose errors are added where they are not there
/// yet.
Vocabulary shipped_vocabulary(Diagnostics& diagnostics);

const Measure* find_measure(const Check& check, std::string_view name);
std::vector<std::string> measure_names(const Check& check);

}  // namespace assay::config
