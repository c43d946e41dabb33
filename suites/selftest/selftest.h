// What the bad checks have in common: one measurement that is 1 when all is well (limits.toml).
#pragma once

#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::selftest {

inline const std::vector<Measure>& value_measure() {
  static const std::vector<Measure> measures{{"value", Unit::count, "1 when all is well", ""}};
  return measures;
}

inline Check declare(std::string name, std::string summary, Scope scope, void (*run)(Context&)) {
  return {std::move(name), std::move(summary), scope, value_measure(), {"selftest.wrong_value"}, run, ""};
}

}  // namespace assay::selftest
