// Monte Carlo paths: a GPU comes to the bits that the host comes to, in any grid.
#include <gtest/gtest.h>

#include "kernels/workloads/monte_carlo/monte_carlo.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads {
namespace {

constexpr std::size_t kSums = 0;  // the first thing that is allocated
constexpr unsigned kBlocks = 24;

TEST(MonteCarloDeviceHalf, EveryBlockFindsWhatTheHostFinds) {
  constexpr PathGrid kGrid{kBlocks, 2};
  memory::GpuInReach gpu;
  const auto paths = make_monte_carlo(gpu, kGrid);
  const Repetitions done = paths->repeat(3);
  EXPECT_EQ(done.wrong_values, 0u);
  EXPECT_TRUE(done.first_wrong.empty());
  ASSERT_EQ(done.by_hash.size(), 1u);
  EXPECT_EQ(done.by_hash.begin()->second, 3u);
  EXPECT_GT(done.seconds, 0);
  const auto words = gpu.download(kSums, 3 * kBlocks / 2);
  const auto found = [&](unsigned i) { return i % 2 == 0 ? words[i / 2].low : words[i / 2].high; };
  for (unsigned block = 0; block < kBlocks; ++block) {
    const PathSums due = sums_of_block(kGrid, block, kData);
    EXPECT_EQ(found(block), due.payoff) << block;
    EXPECT_EQ(found(kBlocks + block), due.in_the_money) << block;
    EXPECT_EQ(found(2 * kBlocks + block), due.growths) << block;
  }
}

TEST(MonteCarloDeviceHalf, TheSamePathsInAnotherGridComeToTheSamePriceOfOtherBlocks) {
  const auto gpu = memory::test_gpu();
  const Repetitions fine = make_monte_carlo(*gpu, {4 * kBlocks, 1})->repeat(1);
  const Repetitions coarse = make_monte_carlo(*gpu, {2 * kBlocks, 2})->repeat(1);
  EXPECT_EQ(fine.wrong_values + coarse.wrong_values, 0u);
  EXPECT_NE(fine.by_hash.begin()->first, coarse.by_hash.begin()->first);
}

TEST(MonteCarloDeviceHalf, OfManyBlocksThoseThatTheHostLooksAtAreSpreadOverAll) {
  constexpr PathGrid kGrid{4 * kMostSampledBlocks + 4, 1};
  unsigned last = 0;
  for (unsigned i = 0; i < sampled_blocks(kGrid); ++i) {
    EXPECT_TRUE(i == 0 || sampled_block(kGrid, i) >= last + 4) << i;
    last = sampled_block(kGrid, i);
  }
  EXPECT_GE(last, kGrid.blocks - 5);
  const auto gpu = memory::test_gpu();
  EXPECT_EQ(make_monte_carlo(*gpu, kGrid)->repeat(1).wrong_values, 0u);
}

TEST(MonteCarloDeviceHalf, AsTheCheckRunsIt) {
  const auto gpu = memory::test_gpu();
  const auto paths = make_monte_carlo(*gpu);
  EXPECT_EQ(paths->items(), 1 << 30);
  const Repetitions first = paths->repeat(2), again = paths->repeat(1);
  EXPECT_EQ(first.wrong_values + again.wrong_values, 0u);
  EXPECT_EQ(first.by_hash.begin()->first, again.by_hash.begin()->first);
}

}  // namespace
}  // namespace assay::workloads
