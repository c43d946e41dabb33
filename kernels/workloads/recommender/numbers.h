// Whole numbers as kernels of the recommender hold them. For device code.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/instructions/arithmetic.h"
#include "kernels/workloads/recommender/model.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

/// A damaged one may be any.
__device__ inline int whole(float value) {
  constexpr float kMost = 16777216;  // 2^24
  return value >= -kMost && value <= kMost ? static_cast<int>(value) : 1 << 25;
}

/// bf16, of the lower sixteen bits.
__device__ inline int whole_of_bf16(std::uint32_t bits) {
  return whole(cuda::float_of(bits << 16));
}
/// Rounded to the nearest even, which up to 256 changes nothing.
__device__ inline std::uint32_t bf16_of(int value) {
  const std::uint32_t bits = cuda::bits_of(static_cast<float>(value));
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/// Four signed bytes, the first in the lowest bits.
__device__ inline std::uint32_t four_bytes(int a, int b, int c, int d) {
  return (static_cast<std::uint32_t>(a) & 0xff) | (static_cast<std::uint32_t>(b) & 0xff) << 8 |
         (static_cast<std::uint32_t>(c) & 0xff) << 16 | static_cast<std::uint32_t>(d) << 24;
}

/// Of eight bf16 in a word.
__device__ inline std::uint32_t sixteen_bits(const Word128& word, unsigned i) {
  return static_cast<std::uint32_t>((i < 4 ? word.low : word.high) >> (i % 4 * 16)) & 0xffff;
}
__device__ inline void put_sixteen_bits(Word128& word, unsigned i, std::uint32_t bits) {
  (i < 4 ? word.low : word.high) |= std::uint64_t{bits} << (i % 4 * 16);
}

__device__ inline std::uint64_t two_words(std::uint32_t low, std::uint32_t high) {
  return low | std::uint64_t{high} << 32;
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
