// What the driver must give for an acceptance: told from its own answers, or from why there are none.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/prerequisites.h"
#include "harness/model/readings.h"

namespace assay::cli {

/// Of a management library that answers: the driver's version, its GPUs, the way over the NVSwitches, what
/// this user may read. A driver that is not kept loaded is a warning. What only CUDA needs is left out where
/// it is not `for_cuda`.
std::vector<Prerequisite> prerequisites_of(const NodeReadings& readings, bool for_cuda = true);

/// Of one that does not: `why` as NvmlClient::open() says it.
Prerequisite no_driver(const std::string& why);

}  // namespace assay::cli
