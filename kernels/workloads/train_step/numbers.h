// Arithmetic of a training step, one rounding an operation, so that nothing is left to the compiler; and how
// its numbers come and go.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/global.h"
#include "kernels/instructions/memory.h"
#include "kernels/instructions/mma_bf16.h"
#include "kernels/workloads/train_step/model.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

__device__ inline float times(float a, float b) {
  return cuda::multiply_add(a, b, -0.0F);
}
__device__ inline float plus(float a, float b) {
  return cuda::multiply_add(a, 1, b);
}
__device__ inline float positive(float a) {
  return a > 0 ? a : 0;
}
/// 0 for NaN.
__device__ inline bool is_within(float value, float most) {
  return value >= -most && value <= most;
}

struct Two {
  float first, second;
};
__device__ inline Two load_two(const float* from) {
  const std::uint64_t bits = *reinterpret_cast<const std::uint64_t*>(from);
  return {cuda::float_of(static_cast<std::uint32_t>(bits)),
          cuda::float_of(static_cast<std::uint32_t>(bits >> 32))};
}
__device__ inline std::uint64_t bits_of(Two two) {
  return cuda::bits_of(two.first) | static_cast<std::uint64_t>(cuda::bits_of(two.second)) << 32;
}
__device__ inline void store_two(float* to, Two two) {
  *reinterpret_cast<std::uint64_t*>(to) = bits_of(two);
}

/// Of a row: what a thread has at once.
inline constexpr unsigned kEight = 8;
struct Eight {
  float of[kEight];
};
__device__ inline void load_four(const float* from, float* to) {
  const Word128 word = cuda::load_past_l1(reinterpret_cast<const Word128*>(from));
  to[0] = cuda::float_of(static_cast<std::uint32_t>(word.low));
  to[1] = cuda::float_of(static_cast<std::uint32_t>(word.low >> 32));
  to[2] = cuda::float_of(static_cast<std::uint32_t>(word.high));
  to[3] = cuda::float_of(static_cast<std::uint32_t>(word.high >> 32));
}
__device__ inline void store_four(float* to, const float* from) {
  cuda::store_in_l2(reinterpret_cast<Word128*>(to),
                    Word128{bits_of(Two{from[0], from[1]}), bits_of(Two{from[2], from[3]})});
}
/// Through the first-level cache: neighbouring threads' first halves leave the second ones of each sector.
__device__ inline Eight load_eight(const float* from) {
  Eight eight;
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    std::uint32_t four[4];
    cuda::load_four_global<false>(reinterpret_cast<const unsigned char*>(from + 4 * half), four);
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) eight.of[4 * half + i] = cuda::float_of(four[i]);
  }
  return eight;
}
__device__ inline void store_eight(float* to, const Eight& eight) {
  store_four(to, eight.of);
  store_four(to + 4, eight.of + 4);
}
__device__ inline Eight load_eight(const std::uint16_t* from) {
  const Word128 word = cuda::load_past_l1(reinterpret_cast<const Word128*>(from));
  Eight eight;
#pragma unroll
  for (unsigned i = 0; i < kEight; ++i) {
    const std::uint64_t half = i < 4 ? word.low : word.high;
    eight.of[i] = cuda::of_bf16(static_cast<std::uint32_t>(half >> (16 * (i % 4))) & 0xffffu);
  }
  return eight;
}
/// Rounds them: they are as they are stored.
__device__ inline void store_eight(std::uint16_t* to, Eight& eight) {
  std::uint32_t pairs[4];
#pragma unroll
  for (unsigned i = 0; i < 4; ++i) {
    pairs[i] = cuda::to_bf16(eight.of[2 * i], eight.of[2 * i + 1]);
    eight.of[2 * i] = cuda::of_bf16(pairs[i] & 0xffffu);
    eight.of[2 * i + 1] = cuda::of_bf16(pairs[i] >> 16);
  }
  cuda::store_in_l2(reinterpret_cast<Word128*>(to),
                    Word128{pairs[0] | static_cast<std::uint64_t>(pairs[1]) << 32,
                            pairs[2] | static_cast<std::uint64_t>(pairs[3]) << 32});
}

/// How rows are shared out: neighbouring threads of a warp have one, eight elements of it each, then the next
/// ones.
template <unsigned kLanesOf, unsigned kThreadsOf, unsigned kEightsOf, unsigned kThreadsThatHash,
          unsigned kWordsHashedOf>
struct Rows {
  static constexpr unsigned kLanes = kLanesOf, kThreads = kThreadsOf;
  static constexpr unsigned kEights = kEightsOf;  // that a thread has of a row of the model's width
  static constexpr unsigned kHashThreads = kThreadsThatHash;
  static constexpr unsigned kWordsHashed = kWordsHashedOf;  // of 16 bytes, by a thread
  static constexpr unsigned kInBlock = kThreads / kLanes;

  __device__ static unsigned row() { return blockIdx.x * kInBlock + threadIdx.x / kLanes; }
  __device__ static unsigned lane() { return threadIdx.x % kLanes; }
  /// Where the thread's elements begin.
  __device__ static unsigned element(unsigned number) { return (number * kLanes + lane()) * kEight; }

  /// All of a row's threads get the same: a butterfly adds in one order for each of them.
  template <typename T, typename Join>
  __device__ static T joined(T mine, const Join& join) {
#pragma unroll
    for (unsigned distance = 1; distance < kLanes; distance *= 2)
      mine = join(mine, __shfl_xor_sync(0xffffffffu, mine, static_cast<int>(distance)));
    return mine;
  }
  __device__ static float sum(float mine) {
    return joined(mine, [](float a, float b) { return plus(a, b); });
  }
  __device__ static float greatest(float mine) {
    return joined(mine, [](float a, float b) { return a > b ? a : b; });
  }
};
using RowsOfCard = Rows<32, 256, 4, 256, 8>;
using SmallRows = Rows<2, 128, 1, 32, 4>;
using WiderRows = Rows<2, 128, 2, 32, 4>;  // small ones of two heads

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
