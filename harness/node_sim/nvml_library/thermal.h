// The temperatures at which an H200 acts, as NVML's fields give them.
#pragma once

#include "harness/node_sim/thermal_limits.h"

namespace assay::nvml {

using sim::kGpuMaxC, sim::kMemoryMaxC, sim::kSlowdownC, sim::kShutdownC;

/// How far beyond the GPU's maximum, negative.
inline constexpr int kGpuMaxOffsetC = 0;
inline constexpr int kMemoryMaxOffsetC = 0;
inline constexpr int kSlowdownOffsetC = kGpuMaxC - kSlowdownC;
inline constexpr int kShutdownOffsetC = kGpuMaxC - kShutdownC;

}  // namespace assay::nvml
