// The checks of this binary. They register themselves: a new file under suites/ is enough.
#pragma once

#include <string_view>
#include <vector>

#include "harness/model/coverage.h"
#include "harness/model/declaration.h"

namespace assay {

/// Declares a check at namespace scope. Touches no device.
struct Registered {
  explicit Registered(Check check);
};

/// All checks of this binary, by name.
const std::vector<Check>& all_checks();
const Check* find_check(std::string_view name);

/// Works out what a check detects, of so many faults of each kind: 8 or 16 times `samples`. Takes seconds.
using ComputeCoverage = Coverage (*)(int samples);

/// Declares it at namespace scope.
struct RegisteredCoverage {
  explicit RegisteredCoverage(ComputeCoverage compute);
};

const std::vector<ComputeCoverage>& all_coverages();

}  // namespace assay
