// Power and energy in NVML's units.
#pragma once

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {

inline constexpr unsigned kMinimumLimitMw = 200'000;
inline constexpr unsigned kMaximumLimitMw = 700'000;

unsigned power_mw(const GpuView& gpu);
unsigned default_limit_mw(const GpuView& gpu);
unsigned long long energy_mj(const GpuView& gpu);

}  // namespace assay::nvml
