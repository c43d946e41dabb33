// The data that bandwidth is measured on: pairs of doubles with random sign, mantissa and a few exponent
// bits. Nothing toggles less than real data would, and triad's arithmetic stays finite and exact to repeat.
#pragma once

#include <cmath>

#include "kernels/memory_patterns.h"

namespace assay::memory {

enum class Stream { read, write, copy, triad };

inline constexpr double kTriadFactor = 0.40625;

/// Magnitudes from 2^-7 to 2.
ASSAY_HD constexpr std::uint64_t stream_bits(std::uint64_t random) {
  return (random & 0x807fffffffffffffULL) | 0x3f80000000000000ULL;
}

ASSAY_HD constexpr Word128 stream_word(std::uint64_t seed, std::uint64_t index) {
  const Word128 random = pattern_word<PatternKind::random>(random_data(seed), index);
  return Word128{stream_bits(random.low), stream_bits(random.high)};
}

/// a = b + s c, fused, so that device and host round alike.
ASSAY_HD inline std::uint64_t triad_bits(std::uint64_t b, std::uint64_t c) {
  union Bits {
    std::uint64_t bits;
    double value;
  };
  Bits x{b}, y{c}, sum{0};
  sum.value = fma(kTriadFactor, y.value, x.value);
  return sum.bits;
}

ASSAY_HD inline Word128 triad_word(Word128 b, Word128 c) {
  return Word128{triad_bits(b.low, c.low), triad_bits(b.high, c.high)};
}

/// What read adds up, modulo 2^64: independent of order, and different when the halves are swapped.
ASSAY_HD constexpr std::uint64_t checksum_term(Word128 word) {
  return word.low + 3 * word.high;
}

}  // namespace assay::memory
