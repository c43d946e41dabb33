// What a sort is given: a key in a row's lower half, and 32 bits that go with it, from which the key follows.
// So a result whose rows grow from each to the next, by key and then by where they were, and whose keys are
// theirs, is the only right one: none is lost, twice there or changed.
#pragma once

#include <cstdint>

#include "kernels/workloads/analytics/columns.h"

namespace assay::workloads {

using Row = std::uint64_t;

/// Every key is there twice, far apart.
struct Rows {
  std::uint64_t count;
  std::uint64_t seed;

  /// Odd: every bit of the product is in use, and the place can be told back.
  static constexpr std::uint32_t kPlaceFactor = 0x9e3779b1;
  ASSAY_HD constexpr std::uint32_t key_of(std::uint32_t place) const {
    return static_cast<std::uint32_t>(memory::mix64(seed + place % (count / 2)));
  }
  ASSAY_HD constexpr Row at(std::uint32_t place) const {
    return key_of(place) | Row{place * kPlaceFactor} << 32;
  }
  ASSAY_HD static constexpr std::uint32_t place_of(Row row) {
    constexpr std::uint32_t kBack = inverse_of_odd(kPlaceFactor);
    return static_cast<std::uint32_t>(row >> 32) * kBack;
  }
  /// By what the result is ordered.
  ASSAY_HD static constexpr std::uint64_t order_of(Row row) { return row << 32 | place_of(row); }
  ASSAY_HD constexpr bool has(Row row) const {
    return place_of(row) < count && key_of(place_of(row)) == static_cast<std::uint32_t>(row);
  }
};

}  // namespace assay::workloads
