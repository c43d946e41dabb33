// The checks of this binary. They register themselves: a new file under suites/ is enough.
#pragma once

#include <string_view>
#include <vector>

#include "harness/model/declaration.h"

namespace assay {

/// Declares a check at namespace scope. Touches no device.
struct Registered {
  explicit Registered(Check check);
};

/// All checks of this binary, by name.
const std::vector<Check>& all_checks();
const Check* find_check(std::string_view name);

}  // namespace assay
