// Points in time and durations, as the node's clock counts them.
#pragma once

#include <cstdint>
#include <string>

namespace assay {

/// Since the Unix epoch, or a duration.
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000'000'000;

/// "2026-01-15T08:30:00.000000001Z"
std::string rfc3339(Nanoseconds time);

}  // namespace assay
