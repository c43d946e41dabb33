// Philox4x32-10: four random words out of a counter and a key (Salmon, Moraes, Dror, Shaw: Parallel random
// numbers: as easy as 1, 2, 3; 2011). No state: any path can be worked out by itself.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define ASSAY_PATHS __device__
#else
#define ASSAY_PATHS
#endif

namespace assay::workloads {

struct PhiloxWords {
  std::uint32_t of[4];
};

/// `Arithmetic` names the instructions (path.h).
template <typename Arithmetic>
ASSAY_PATHS PhiloxWords philox(PhiloxWords counter, std::uint32_t key0, std::uint32_t key1) {
  constexpr std::uint32_t kFactor0 = 0xd2511f53, kFactor1 = 0xcd9e8d57;
  constexpr std::uint32_t kStep0 = 0x9e3779b9, kStep1 = 0xbb67ae85;
  constexpr int kRounds = 10;
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t first = std::uint64_t{kFactor0} * counter.of[0];
    const std::uint64_t second = std::uint64_t{kFactor1} * counter.of[2];
    counter = {{Arithmetic::integer(static_cast<std::uint32_t>(second >> 32) ^ counter.of[1] ^ key0),
                static_cast<std::uint32_t>(second),
                Arithmetic::integer(static_cast<std::uint32_t>(first >> 32) ^ counter.of[3] ^ key1),
                static_cast<std::uint32_t>(first)}};
    key0 += kStep0;
    key1 += kStep1;
  }
  return counter;
}

}  // namespace assay::workloads
