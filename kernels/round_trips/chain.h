// A chain of words, each of which says where the next one lies: whoever follows it waits for one load after
// the other.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

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

}  // namespace assay::latency::ASSAY_TARGET
