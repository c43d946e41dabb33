// The links of a GPU and the switches that they end at.
#pragma once

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {

inline constexpr unsigned kNvlinkVersion4 = 6;           // NVML's number for NVLink 4.0
inline constexpr unsigned kNvlinkMegabytesPerS = 26562;  // each way

unsigned links_up(const sim::State& state, int gpu, Nanoseconds now);
bool link_active(const GpuView& gpu, unsigned link);
/// `counter` is a NvlinkErrorCounter.
unsigned long long link_errors(const GpuView& gpu, unsigned link, unsigned counter);
unsigned long long errors_of_all_links(const GpuView& gpu, unsigned counter);
/// The link's number at the switch.
unsigned remote_link(const GpuView& gpu, unsigned link);

}  // namespace assay::nvml
