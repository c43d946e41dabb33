// Runs that were left before their end.
#pragma once

#include <optional>
#include <string>

#include "harness/model/plan.h"

namespace assay::cli {

/// The youngest run under `out` that was left open within the last week, of the same profile, SKU, node and
/// parts as `wanted`, by this version of Assay: its folder.
std::optional<std::string> left_open(const std::string& out, const Plan& wanted);

}  // namespace assay::cli
