// What the columns hold: numbers that look random and are known by their row, so that counts and sums of what
// a query selects have a closed form, and every row of its result can be told to be right.
#pragma once

#include <cstdint>

#include "kernels/memory_patterns.h"

namespace assay::workloads {

ASSAY_HD constexpr std::uint32_t inverse_of_odd(std::uint32_t odd) {
  std::uint32_t inverse = odd;  // right in three bits; each step doubles them (Newton)
  for (int step = 0; step < 4; ++step) inverse *= 2 - odd * inverse;
  return inverse;
}

/// A bijection of the numbers of so many bits, and back.
struct Shuffle {
  unsigned bits;
  std::uint32_t offset;

  static constexpr std::uint32_t kFirst = 0x9e3779b1, kSecond = 0x85ebca6b;

  ASSAY_HD constexpr std::uint32_t mask() const { return ~0u >> (32 - bits); }
  ASSAY_HD constexpr std::uint32_t folded(std::uint32_t x) const { return x ^ x >> ((bits + 1) / 2); }
  ASSAY_HD constexpr std::uint32_t of(std::uint32_t x) const {
    x = folded((x + offset) * kFirst & mask());
    return folded(x * kSecond & mask());
  }
  ASSAY_HD constexpr std::uint32_t back(std::uint32_t x) const {
    constexpr std::uint32_t kBackFirst = inverse_of_odd(kFirst), kBackSecond = inverse_of_odd(kSecond);
    x = folded(folded(x) * kBackSecond & mask());
    return (x * kBackFirst - offset) & mask();
  }
};

/// A number of so many bits as one of 32 that grows with it, and whose lowest bits are its own: not 1, not 2,
/// up to 30 bits.
ASSAY_HD constexpr std::uint32_t spread(std::uint32_t number, unsigned bits) {
  return number << (32 - bits) | (number & ((1u << (32 - bits)) - 1));
}
ASSAY_HD constexpr std::uint32_t gathered(std::uint32_t spread, unsigned bits) {
  return spread >> (32 - bits);
}

/// spread() of 0, 1, ... up to count - 1, added up.
constexpr std::uint64_t sum_of_spread(std::uint64_t count, unsigned bits) {
  const auto up_to = [](std::uint64_t end) { return end * (end - 1) / 2; };
  const std::uint64_t period = std::uint64_t{1} << (32 - bits);
  return (up_to(count) << (32 - bits)) + count / period * up_to(period) + up_to(count % period);
}

/// Of four in a word.
ASSAY_HD constexpr std::uint32_t number_in(const Word128& word, unsigned i) {
  const std::uint64_t half = i < 2 ? word.low : word.high;
  return static_cast<std::uint32_t>(half >> (i % 2 * 32));
}
ASSAY_HD constexpr Word128 word_of(const std::uint32_t (&four)[4]) {
  return {four[0] | std::uint64_t{four[1]} << 32, four[2] | std::uint64_t{four[3]} << 32};
}

}  // namespace assay::workloads
