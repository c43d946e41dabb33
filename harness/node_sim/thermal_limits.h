// The temperatures at which an H200 acts: 87 / 89 / 95 C, from its offsets (GPU max 0, slowdown -2, shutdown
// -8) and its headroom of 59 at 28 C.
#pragma once

namespace assay::sim {

inline constexpr int kGpuMaxC = 87;
inline constexpr int kMemoryMaxC = 95;  // where HBM3e is reported to throttle
inline constexpr int kSlowdownC = 89;
inline constexpr int kShutdownC = 95;

}  // namespace assay::sim
