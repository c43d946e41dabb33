#include "kernels/workloads/monte_carlo/monte_carlo.h"

#include <cmath>
#include <string>

#include "kernels/target.h"
#include "kernels/workloads/monte_carlo/host_arithmetic.h"

namespace assay::workloads {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Workload> make_monte_carlo(Gpu&, const PathGrid&))

PathSums sums_of_block(const PathGrid& grid, unsigned block, std::uint64_t key) {
  return sums_of_pairs<HostArithmetic>(block * grid.pairs_of_block(),
                                       static_cast<unsigned>(grid.pairs_of_block()), 1, key);
}

double price_of(const PathTotals& totals, double paths) {
  const double discount = std::exp(-0.05);
  const double units =
      std::ldexp(static_cast<double>(totals.payoff_high), 32) + static_cast<double>(totals.payoff_low);
  return discount * std::ldexp(units, -kPayoffBits) / paths;
}

std::vector<WrongValue> off_the_closed_form(const PathTotals& totals, double paths) {
  const double share = static_cast<double>(totals.in_the_money) / paths;
  const struct {
    const char* what;
    double expected, actual, deviation;
  } both[] = {{"price", kPrice, price_of(totals, paths), kDeviation},
              {"share of paths that pay", kInTheMoney, share, std::sqrt(kInTheMoney * (1 - kInTheMoney))}};
  std::vector<WrongValue> wrong;
  for (const auto& one : both) {
    const double most = kMostErrors * one.deviation / std::sqrt(paths);
    if (std::abs(one.actual - one.expected) <= most) continue;
    wrong.push_back({one.what, std::to_string(one.expected) + " within " + std::to_string(most),
                     std::to_string(one.actual)});
  }
  return wrong;
}

Work work_of_paths() {
  // 98 fma and two comparisons of doubles, for which a multiprocessor has half as many lanes as it issues
  // instructions: 200 slots. With some 140 others beside them the issue of instructions has no more to spare.
  constexpr double kInstructionsOfPair = 240;
  return {WorkKind::instructions, kPathsOnCard.paths() / 2 * kInstructionsOfPair};
}

Work work_of_path_sums() {
  constexpr double kInstructionsPerWord = 60;
  const double bytes = double{sizeof(PathSums)} * kPathsOnCard.blocks;
  Work work(WorkKind::read, bytes);
  work.add(WorkKind::instructions, bytes / sizeof(Word128) * kInstructionsPerWord);
  return work;
}

std::unique_ptr<Workload> make_monte_carlo(Gpu& gpu, const PathGrid& grid) {
  return ASSAY_OF_TARGET(gpu, make_monte_carlo)(gpu, grid);
}

std::unique_ptr<Workload> make_monte_carlo(Gpu& gpu) {
  return make_monte_carlo(gpu, gpu.emulated() ? kPathsUnderEmulation : kPathsOnCard);
}

}  // namespace assay::workloads
