// How operands lie, and what their elements are: for the kernels and for the host.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/exact_gemm/exact_gemm.h"
#include "kernels/memory_patterns.h"
#include "kernels/tensor_elements.h"

namespace assay::compute {

inline constexpr unsigned kPieceBytes = kPanelRows * kChunkBytes;  // of a panel, one chunk of K

/// Of an operand of a type: elements of kBytes, integers up to `most`.
template <Datapath kType>
struct Elements {
  static constexpr bool kIsDouble = kType == Datapath::tensor_fp64;
  static constexpr ElementFormat kFormat = format_of(kType);
  static constexpr unsigned kBytes = kIsDouble ? 8 : static_cast<unsigned>(kFormat.bytes);
  static constexpr unsigned kPerChunk = kChunkBytes / kBytes;

  /// In a piece: rows of 16 bytes one after another, the next 16 bytes of K behind all of them.
  ASSAY_HD static constexpr unsigned place(unsigned row, unsigned k) {
    const unsigned byte = k * kBytes;
    return byte / 16 * (16 * kPanelRows) + 16 * row + byte % 16;
  }

  ASSAY_HD static std::int64_t value(const unsigned char* piece, unsigned row, unsigned k) {
    const unsigned char* const at = piece + place(row, k);
    if constexpr (kIsDouble) return static_cast<std::int64_t>(*reinterpret_cast<const double*>(at));
    if constexpr (kBytes == 4) return integer_of_bits(format(), *reinterpret_cast<const std::uint32_t*>(at));
    if constexpr (kBytes == 2) return integer_of_bits(format(), *reinterpret_cast<const std::uint16_t*>(at));
    return integer_of_bits(format(), *at);
  }

  ASSAY_HD static void put(unsigned char* piece, unsigned row, unsigned k, std::int64_t value) {
    unsigned char* const at = piece + place(row, k);
    if constexpr (kIsDouble) {
      *reinterpret_cast<double*>(at) = static_cast<double>(value);
    } else {
      const std::uint32_t bits = bits_of_integer(format(), static_cast<int>(value));
      if constexpr (kBytes == 4) *reinterpret_cast<std::uint32_t*>(at) = bits;
      if constexpr (kBytes == 2) *reinterpret_cast<std::uint16_t*>(at) = static_cast<std::uint16_t>(bits);
      if constexpr (kBytes == 1) *at = static_cast<unsigned char>(bits);
    }
  }

  /// Sums of doubles are exact up to 2^53.
  static std::int64_t most(std::uint64_t k) {
    if (!kIsDouble) return most_for_sums(format(), static_cast<std::int64_t>(k));
    std::int64_t most = 1;
    while (static_cast<std::uint64_t>(4 * most * most) * k <= (1ULL << 53)) most *= 2;
    return most;
  }

 private:
  ASSAY_HD static constexpr ElementFormat format() { return format_of(kType); }
};

/// What a sum weighs row or column number `i` by. Sums are modulo 2^64: equal ones are.
ASSAY_HD constexpr std::int64_t weight(std::uint64_t seed, std::uint64_t i) {
  return 1 + static_cast<std::int64_t>(memory::mix64(seed + i) & 0x3fff);
}

/// The whole number that a result is. One that is none becomes one that no sum of products is.
ASSAY_HD inline std::int64_t whole(double value, std::uint64_t bits) {
  constexpr std::int64_t kNone = std::int64_t{1} << 60;
  const bool in_range = value > -9e15 && value < 9e15;  // false for NaN
  const std::int64_t integer = in_range ? static_cast<std::int64_t>(value) : 0;
  if (in_range && static_cast<double>(integer) == value) return integer;
  return kNone + static_cast<std::int64_t>(bits & 0xffffff);
}

/// Of a result's bits.
template <Datapath kType>
struct Result {
  using Bits = std::conditional_t<kType == Datapath::tensor_fp64, std::uint64_t, std::uint32_t>;
  ASSAY_HD static std::int64_t integer(Bits bits) {
    if constexpr (kType == Datapath::tensor_fp64) {
      double value = 0;
      memcpy(&value, &bits, sizeof(value));
      return whole(value, bits);
    } else if constexpr (kType == Datapath::tensor_int8) {
      return static_cast<std::int32_t>(bits);
    } else {
      float value = 0;
      memcpy(&value, &bits, sizeof(value));
      return whole(value, bits);
    }
  }
};

}  // namespace assay::compute
