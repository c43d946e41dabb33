// Operands of tensor cores, element by element: formats as PTX ISA 9.0 has them ("Alternate floating-point
// data formats").
#pragma once

#include <cstdint>

#include "harness/model/datapath.h"
#include "harness/model/work.h"
#include "kernels/memory_patterns.h"

namespace assay::compute {

struct ElementFormat {
  int bytes, exponent_bits, mantissa_bits;  // no exponent: a signed integer
  int greatest_integer;                     // up to which all are exact in it; 127 is as far as we go
  /// Sums of products up to this are exact in a result of 32 bits: fp8's keep 13 bits of mantissa
  /// (reports/evidence/2026-11-26-h200-2).
  std::int64_t greatest_sum;
};

ASSAY_HD constexpr ElementFormat format_of(Datapath path) {
  switch (path) {
    case Datapath::tensor_bf16:
      return {2, 8, 7, 127, 1 << 24};
    case Datapath::tensor_fp16:
      return {2, 5, 10, 127, 1 << 24};
    case Datapath::tensor_tf32:
      return {4, 8, 23, 127, 1 << 24};
    case Datapath::tensor_e4m3:
      return {1, 4, 3, 15, (1 << 14) - 1};
    case Datapath::tensor_e5m2:
      return {1, 5, 2, 7, (1 << 14) - 1};
    default:
      return {1, 0, 0, 127, 0x7fffffff};
  }
}

/// So that sums over so many elements of K stay exact.
ASSAY_HD constexpr int most_for_sums(const ElementFormat& format, std::int64_t k) {
  std::int64_t most = 1;
  while (most < format.greatest_integer && k * (most + 1) * (most + 1) <= format.greatest_sum) ++most;
  return static_cast<int>(most);
}

/// Of an integer that the format holds exactly.
ASSAY_HD constexpr std::uint32_t bits_of_integer(const ElementFormat& format, int value) {
  if (format.exponent_bits == 0) return static_cast<std::uint32_t>(value) & 0xffu;
  const auto magnitude = static_cast<std::uint32_t>(value < 0 ? -value : value);
  if (magnitude == 0) return 0;
  int leading = 0;
  while ((magnitude >> (leading + 1)) != 0) ++leading;
  const int m = format.mantissa_bits, bias = (1 << (format.exponent_bits - 1)) - 1;
  const std::uint32_t mantissa = (magnitude << (m - leading)) & ((1u << m) - 1);
  const std::uint32_t sign = value < 0 ? 1u << (m + format.exponent_bits) : 0u;
  return sign | static_cast<std::uint32_t>(leading + bias) << m | mantissa;
}

/// The integer that these bits are, which bits_of_integer() made.
ASSAY_HD constexpr std::int64_t integer_of_bits(const ElementFormat& format, std::uint32_t bits) {
  if (format.exponent_bits == 0) return static_cast<std::int8_t>(bits);
  const int m = format.mantissa_bits, bias = (1 << (format.exponent_bits - 1)) - 1;
  const std::uint32_t field = bits >> m & ((1u << format.exponent_bits) - 1);
  if (field == 0) return 0;
  const std::int64_t significand = (1 << m) | (bits & ((1u << m) - 1));
  const int shift = static_cast<int>(field) - bias - m;
  const std::int64_t magnitude = shift >= 0 ? significand << shift : significand >> -shift;
  return (bits >> (m + format.exponent_bits) & 1) != 0 ? -magnitude : magnitude;
}

/// Of any sign, from 1/4 to 4, out of random bits.
ASSAY_HD constexpr std::uint32_t bits_of_any(const ElementFormat& format, std::uint64_t random) {
  const int m = format.mantissa_bits, bias = (1 << (format.exponent_bits - 1)) - 1;
  const auto exponent = static_cast<std::uint32_t>(bias - 2) + static_cast<std::uint32_t>(random >> 40 & 3);
  return static_cast<std::uint32_t>(random >> 63) << (m + format.exponent_bits) | exponent << m |
         (static_cast<std::uint32_t>(random) & ((1u << m) - 1));
}

/// From -most to most.
ASSAY_HD constexpr std::int64_t integer_up_to(std::int64_t most, std::uint64_t random) {
  return static_cast<std::int64_t>(random % (2 * static_cast<std::uint64_t>(most) + 1)) - most;
}

}  // namespace assay::compute
