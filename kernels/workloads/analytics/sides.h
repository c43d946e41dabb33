// What a join is given, and what each of its rows is to bring.
#pragma once

#include <cstdint>

#include "kernels/workloads/analytics/columns.h"

namespace assay::workloads {

/// What is brought for a key that is not in the table, and what lies there before: no row brings it.
inline constexpr std::uint32_t kNothing = 1, kNotWritten = 2;

/// The larger one has each number of its bits once, the smaller one of every four the second; keys are
/// numbers of all 32 bits.
struct Sides {
  Shuffle probes, built, keys;

  ASSAY_HD constexpr std::uint32_t probe_key(std::uint32_t row) const { return keys.of(probes.of(row)); }
  /// Of the smaller side's row that has it, or kNothing.
  ASSAY_HD constexpr std::uint32_t brought(std::uint32_t probe_row) const {
    const std::uint32_t number = probes.of(probe_row);
    return number % 4 == 1 ? spread(number / 4, built.bits) : kNothing;
  }
  ASSAY_HD constexpr std::uint32_t built_key(std::uint32_t row) const {
    return keys.of(4 * built.of(row) + 1);
  }
  ASSAY_HD constexpr std::uint32_t goes_with(std::uint32_t row) const {
    return spread(built.of(row), built.bits);
  }
};

}  // namespace assay::workloads
