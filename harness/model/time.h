// Points in time and durations, as the node's clock counts them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace assay {

/// Since the Unix epoch, or a duration.
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000'000'000;

constexpr double seconds_of(Nanoseconds time) {
  return static_cast<double>(time) / static_cast<double>(kSecond);
}
/// To the nearest.
inline Nanoseconds nanoseconds_of(double seconds) {
  return static_cast<Nanoseconds>(std::llround(seconds * static_cast<double>(kSecond)));
}

/// "2026-01-15T08:30:00.000000001Z"
std::string rfc3339(Nanoseconds time);

}  // namespace assay
