// Words that were not as they should have been, as a kernel lists them: all counted, the first few kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/memory_patterns.h"

#if defined(__CUDACC__) || defined(ASSAY_CUDA_EMULATION)
#include "kernels/instructions/memory.h"
#endif

namespace assay::memory {

struct BadWord {
  std::uint64_t index;  // of the 16-byte word in what was looked through
  Word128 expected, actual;
};

struct BadWords {
  std::uint64_t count = 0;
  std::vector<BadWord> first;

  BadWords& operator+=(const BadWords& more) {
    count += more.count;
    first.insert(first.end(), more.first.begin(), more.first.end());
    return *this;
  }
};

/// In device memory, zeroed.
struct BadWordList {
  static constexpr unsigned kMost = 64;
  std::uint32_t listed;  // it may count more than kMost
  std::uint32_t unused;
  unsigned long long count;
  BadWord of[kMost];

  BadWords words() const { return {count, {of, of + std::min(listed, kMost)}}; }
};

#if defined(__CUDACC__) || defined(ASSAY_CUDA_EMULATION)

__device__ inline void compare(std::uint64_t index, const Word128& expected, const Word128& actual,
                               BadWordList* bad) {
  if (is_zero(actual ^ expected)) return;
  atomicAdd(&bad->count, 1ull);
  if (cuda::load_relaxed(&bad->listed) >= BadWordList::kMost) return;  // it is not to come round to 0
  const std::uint32_t place = atomicAdd(&bad->listed, 1u);
  if (place < BadWordList::kMost) bad->of[place] = {index, expected, actual};
}

#endif

}  // namespace assay::memory
