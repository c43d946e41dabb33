// Opens what a worker works with: the clock and its GPU, real or simulated.
#pragma once

#include <memory>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/run/worker.h"

namespace assay::run {

std::unique_ptr<Clock> open_clock(const NodeAddress& address);

/// Throws DeviceError.
std::unique_ptr<Gpu> open_gpu(const Assignment& assignment, Clock& clock);

}  // namespace assay::run
