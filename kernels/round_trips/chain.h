// A chain of words, each of which says where the next one lies: whoever follows it waits for one load after
// the other.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda_support.h"
#include "kernels/instructions/memory.h"
#include "kernels/memory_patterns.h"

namespace assay::latency::ASSAY_TARGET {

/// Places of the chain, a line of 128 bytes each: half a MiB.
inline constexpr std::uint64_t kPlaces = 4096;
inline constexpr std::uint64_t kChainBytes = kPlaces * memory::kLineWords * sizeof(Word128);

/// What lies at the head of a place: the next place, and a check of its own. One cycle goes through all of
/// them (a linear congruential generator modulo a power of two: its multiplier is 1 modulo 4, its increment
/// odd).
__device__ __host__ inline Word128 link_at(std::uint64_t place, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier = 1229, kIncrement = 2311;
  const std::uint64_t next = (place * kMultiplier + kIncrement) % kPlaces;
  return Word128{next, memory::mix64(next ^ seed)};
}

/// Where one is after so many loads, and how many of the words that were met had another check than theirs.
struct Walk {
  std::uint64_t place, wrong;
};

/// A copy of it in every source.
static __global__ void __launch_bounds__(1)
    follow(const Word128* chain, std::uint64_t seed, std::uint64_t loads, Walk* walk) {
  std::uint64_t place = walk->place, wrong = 0;
  for (std::uint64_t i = 0; i < loads; ++i) {
    const Word128 word = cuda::load_volatile(chain + place * memory::kLineWords);
    wrong += word.high != memory::mix64(word.low ^ seed) ? 1 : 0;
    place = word.low % kPlaces;
  }
  *walk = {place, walk->wrong + wrong};
}

/// Loads by one thread of the current GPU, one after the other, from a chain that lies anywhere.
class Walker {
 public:
  /// Seconds of one load, over so many.
  double walk(const Word128* chain, std::uint64_t seed, std::uint64_t loads, WorkKind kind, int peer) {
    watch_.start();
    cuda::launch({1, 1}, Work(kind, static_cast<double>(loads), peer), follow, chain, seed, loads,
                 walk_.get());
    return watch_.stop() / static_cast<double>(loads);
  }
  std::uint64_t wrong() const { return walk_.download().wrong; }

 private:
  cuda::Stopwatch watch_;
  cuda::Resident<Walk> walk_;
};

}  // namespace assay::latency::ASSAY_TARGET
