// Runs that were left before their end.
#pragma once

#include <optional>
#include <string>

#include "harness/model/criteria.h"
#include "harness/model/plan.h"

namespace assay::cli {

/// The youngest run under `out` that was left within the last week before its end, or before its report, of
/// the same work on the same node by the same criteria and this version of Assay, whatever its seed: its
/// folder.
std::optional<std::string> left_open(const std::string& out, const Plan& plan, const Criteria& criteria);

}  // namespace assay::cli
