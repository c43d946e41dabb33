// Units of measurements and limits. A value never travels without one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

enum class Unit {
  count,             // "1": a pure number, a counter, a flag (0 or 1)
  text,              // "text": an identity, such as a part number
  ratio,             // "ratio": 0 to 1
  gb_per_s,          // "GB/s": 1e9 bytes per second
  mebibytes,         // "MiB": 2^20 bytes
  bytes,             // "B"
  seconds,           // "s"
  milliseconds,      // "ms"
  microseconds,      // "us"
  celsius,           // "degC"
  celsius_per_watt,  // "degC/W"
  watts,             // "W"
  megahertz,         // "MHz"
  gt_per_s,          // "GT/s": PCIe transfers per second and lane
  tflop_per_s,       // "TFLOP/s": 1e12 operations per second, of integers too
  per_second,        // "1/s": of whatever the measure says
  giga_per_second,   // "G/s": 1e9 of them
};

/// The spelling used in configurations, records and reports.
std::string_view symbol(Unit unit);

/// The unit so spelt, or nothing.
std::optional<Unit> unit_from_symbol(std::string_view symbol);

inline constexpr std::int64_t kBytesPerMib = 1 << 20;

}  // namespace assay
