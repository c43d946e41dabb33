// Replays a device grid on the host. Warps of one wave run in no order that a kernel could rely on, so they
// take turns at random: a seed draws the order. Within a warp, order is program order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/memory_patterns.h"

namespace assay::memory {

/// Warps that are resident together. Few, as the memory behind them is small.
inline constexpr std::uint64_t kHostWaveWarps = 8;

class RandomOrder {
 public:
  explicit RandomOrder(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

/// make_warp(number) gives a warp; its step() does the next instruction group and returns false after its
/// last.
template <typename MakeWarp>
void replay_grid(std::uint64_t warps, RandomOrder& order, const MakeWarp& make_warp) {
  for (std::uint64_t first = 0; first < warps; first += kHostWaveWarps) {
    std::vector<decltype(make_warp(first))> resident;
    for (std::uint64_t w = first; w < std::min(warps, first + kHostWaveWarps); ++w)
      resident.push_back(make_warp(w));
    while (!resident.empty()) {
      const auto turn = order.below(resident.size());
      if (resident[turn].step()) continue;
      std::swap(resident[turn], resident.back());
      resident.pop_back();
    }
  }
}

}  // namespace assay::memory
