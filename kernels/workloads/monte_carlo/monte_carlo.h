// A European call by Monte Carlo in doubles, as a desk that values options runs it all day: random numbers by
// counters, Box and Muller, the exponential, and payoffs that are added up as whole numbers.
//
// The whole path is made of fma and whole numbers, each of which has one result (functions.h): the host works
// out what sampled blocks must find, bit by bit. What all paths come to is held to the closed form.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/memory_patterns.h"
#include "kernels/workloads/monte_carlo/path.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads {

inline constexpr unsigned kPathThreads = 128;

/// How paths are shared out. The grid is the same on every GPU.
struct PathGrid {
  unsigned blocks = 0, pairs_of_thread = 0;

  ASSAY_HD constexpr std::uint64_t pairs_of_block() const {
    return std::uint64_t{kPathThreads} * pairs_of_thread;
  }
  double paths() const { return 2.0 * blocks * static_cast<double>(pairs_of_block()); }
};

/// 2^30 paths: some four milliseconds.
inline constexpr PathGrid kPathsOnCard{1 << 17, 32};
/// What the emulation works out in their place.
inline constexpr PathGrid kPathsUnderEmulation{24, 1};

/// Blocks whose sums the host works out: all, where there are no more.
inline constexpr unsigned kMostSampledBlocks = 132;
ASSAY_HD constexpr unsigned sampled_blocks(const PathGrid& grid) {
  return grid.blocks < kMostSampledBlocks ? grid.blocks : kMostSampledBlocks;
}
/// Number `i` of these.
ASSAY_HD constexpr unsigned sampled_block(const PathGrid& grid, unsigned i) {
  return static_cast<unsigned>(std::uint64_t{grid.blocks} * i / sampled_blocks(grid));
}

/// Of all threads of a block, on the host.
PathSums sums_of_block(const PathGrid& grid, unsigned block, std::uint64_t key);

/// Black and Scholes. Of a path, the discounted payoff and its standard deviation; and the share of paths
/// that pay.
inline constexpr double kPrice = 10.450583572185567, kDeviation = 14.719404091133132,
                        kInTheMoney = 0.559617692370242518;
/// Standard errors that a sum may be off: one set of data in 500 million is.
inline constexpr double kMostErrors = 6;

struct PathTotals {
  std::uint64_t payoff_high, payoff_low;  // in units of 2^32, and of one, of 2^-kPayoffBits
  std::uint64_t in_the_money;
};
double price_of(const PathTotals& totals, double paths);
/// What of it is further off the closed form than chance lets it be.
std::vector<WrongValue> off_the_closed_form(const PathTotals& totals, double paths);

/// Of one repetition.
Work work_of_paths();
Work work_of_path_sums();

/// Throws DeviceError.
std::unique_ptr<Workload> make_monte_carlo(Gpu& gpu);
std::unique_ptr<Workload> make_monte_carlo(Gpu& gpu, const PathGrid& grid);

}  // namespace assay::workloads
