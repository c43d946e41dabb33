// bf16 and float in device code. Nothing is left to a compiler that may join a product and a sum.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/memory.h"
#include "kernels/workloads/transformer/layer.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

struct Eight {
  float of[kPerWord];
};

/// The nearest, ties to even.
__device__ inline std::uint32_t bf16_of(float value) {
  const std::uint32_t bits = cuda::bits_of(value);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
__device__ inline float float_of_bf16(std::uint32_t bits) {
  return cuda::float_of(bits << 16);
}

__device__ inline Eight eight_of(const Word128& word) {
  Eight eight;
#pragma unroll
  for (unsigned i = 0; i < kPerWord; ++i)
    eight.of[i] =
        float_of_bf16(static_cast<std::uint32_t>((i < 4 ? word.low : word.high) >> 16 * (i % 4)) & 0xffff);
  return eight;
}
__device__ inline Word128 word_of(const Eight& eight) {
  Word128 word{0, 0};
#pragma unroll
  for (unsigned i = 0; i < kPerWord; ++i)
    (i < 4 ? word.low : word.high) |= std::uint64_t{bf16_of(eight.of[i])} << 16 * (i % 4);
  return word;
}

__device__ inline float greater(float a, float b) {
  return a > b ? a : b;
}

__device__ inline float exp2_of(float x) {
  return cuda::special<cuda::Special::exp2>(x);
}
__device__ inline float reciprocal_of(float x) {
  return cuda::special<cuda::Special::reciprocal>(x);
}

/// Words of tokens: of a row each, one after the other; or, as operand of the tensor cores, across.
struct Rows {
  Word128* words;
  std::uint32_t to_token, to_word;  // from one to the next

  __device__ Word128* at(std::uint32_t token, std::uint32_t word) const {
    return words + std::uint64_t{token} * to_token + std::uint64_t{word} * to_word;
  }
  __device__ Word128 load(std::uint32_t token, std::uint32_t word) const {
    return cuda::load_past_l1(at(token, word));
  }
  __device__ void store(std::uint32_t token, std::uint32_t word, const Word128& value) const {
    cuda::store_streaming(at(token, word), value);
  }
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
