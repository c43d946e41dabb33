// How long a placement takes: from what its checks ask of a device, how fast the SKU's is, and what processes
// and contexts cost.
#pragma once

#include "harness/model/placement.h"
#include "harness/model/work.h"

namespace assay {

/// Seconds from its start to its end. Throws std::logic_error for a check that does not exist.
double estimate_of(const Placement& placement, const DeviceSpeed& speed);

}  // namespace assay
