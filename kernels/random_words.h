// Pseudo-random words for what is sent from one memory to another: written before, compared where they
// arrive. For kernels' sources, each of which has a copy of its own.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/bad_words.h"
#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/memory_patterns.h"

namespace assay::memory {
inline namespace ASSAY_TARGET {

constexpr unsigned kRandomWordsThreads = 256;

__device__ __host__ inline Word128 random_word(std::uint64_t seed, std::uint64_t index) {
  return pattern_word<PatternKind::random>(random_data(seed), index);
}

static __global__ void __launch_bounds__(kRandomWordsThreads)
    fill_with_random_words(Word128* out, std::uint64_t words, std::uint64_t seed) {
  cuda::for_each_word<kRandomWordsThreads>(
      words, [&](std::uint64_t i) { cuda::store_streaming(out + i, random_word(seed, i)); });
}

/// Each has been changed by `tag` on its way.
static __global__ void __launch_bounds__(kRandomWordsThreads)
    look_through_random_words(const Word128* arrived, std::uint64_t words, std::uint64_t seed, Word128 tag,
                              BadWordList* bad) {
  cuda::for_each_word<kRandomWordsThreads>(words, [&](std::uint64_t i) {
    compare(i, random_word(seed, i) ^ tag, cuda::load_streaming(arrived + i), bad);
  });
}

inline constexpr Word128 kNoTag{0, 0};

}  // namespace ASSAY_TARGET
}  // namespace assay::memory
