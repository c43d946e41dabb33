// How long a placement takes, and what it draws: from what its checks ask of a device, how fast the SKU's is,
// and what processes and contexts cost.
#pragma once

#include <vector>

#include "harness/model/placement.h"
#include "harness/model/work.h"

namespace assay {

/// Seconds from its start to its end. Throws std::logic_error for a check that does not exist.
double estimate_of(const Placement& placement, const DeviceSpeed& speed);

/// Joules of all of a node's GPUs, of which some are in placements that run at the same time, for so long.
double energy_of(const std::vector<Placement>& placements, int gpus, double seconds,
                 const DevicePower& power);

}  // namespace assay
