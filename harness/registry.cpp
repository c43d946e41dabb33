#include "harness/registry.h"

#include <algorithm>
#include <utility>

namespace assay {
namespace {

std::vector<Check>& registry() {
  static std::vector<Check> checks;
  return checks;
}

std::vector<ComputeCoverage>& coverages() {
  static std::vector<ComputeCoverage> all;
  return all;
}

bool by_name(const Check& a, const Check& b) {
  return a.name < b.name;
}

}  // namespace

Registered::Registered(Check check) {
  auto& checks = registry();
  checks.insert(std::upper_bound(checks.begin(), checks.end(), check, by_name), std::move(check));
}

const std::vector<Check>& all_checks() {
  return registry();
}

RegisteredCoverage::RegisteredCoverage(ComputeCoverage compute) {
  coverages().push_back(compute);
}

const std::vector<ComputeCoverage>& all_coverages() {
  return coverages();
}

const Check* find_check(std::string_view name) {
  for (const Check& check : registry()) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

}  // namespace assay
