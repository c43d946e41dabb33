// What the machine's settings must be for an acceptance: limits of processes, time, containers.
#pragma once

#include <vector>

#include "harness/cli/prerequisites.h"

namespace assay::cli {

/// None of them stops a run: each may spoil one.
std::vector<Prerequisite> machine_prerequisites();

}  // namespace assay::cli
