// How a kernel says what is wrong, and adds up what it saw. For device code.
#pragma once

#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/steps.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

__device__ inline void list_wrong(WrongList* wrong, const WrongList::One& one) {
  atomicAdd(&wrong->count, 1ull);
  if (cuda::load_relaxed(&wrong->listed) >= WrongList::kMost) return;  // it is not to come round to 0
  const std::uint32_t place = atomicAdd(&wrong->listed, 1u);
  if (place < WrongList::kMost) wrong->of[place] = one;
}

__device__ inline std::uint32_t element_of(const Word128& word, std::uint32_t i) {
  return static_cast<std::uint32_t>((i < 4 ? word.low : word.high) >> 16 * (i % 4)) & 0xffff;
}

/// Those elements of a word that are others than expected.
__device__ inline void list_others(WrongList* wrong, WrongList::What what, std::uint32_t token,
                                   std::uint32_t head, std::uint32_t chunk, const Word128& expected,
                                   const Word128& actual) {
  for (std::uint32_t i = 0; i < kPerWord; ++i) {
    const std::uint32_t due = element_of(expected, i), found = element_of(actual, i);
    if (due != found) list_wrong(wrong, {what, token, head, chunk * kPerWord + i, due, found});
  }
}

/// Of all lanes of the warp together.
__device__ inline void add_to_hash(Sum mine, Sum* hash) {
#pragma unroll
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_down_sync(kAllLanes, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) atomicAdd(hash, mine);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
