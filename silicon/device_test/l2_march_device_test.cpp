// The cache's march: right data pass from launch to launch, and a word that is damaged between two is named.
#include <gtest/gtest.h>

#include "kernels/l2_march/l2_march.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr std::size_t kWorkingSet = 0;  // the first thing that is allocated

TEST(L2MarchDeviceHalf, FindsNothingWhereNothingIsWrong) {
  const auto gpu = test_gpu();
  const auto march = make_l2_march(*gpu, 5);
  for (int i = 0; i < 5; ++i) {
    const L2Report report = march->march(i + 1);
    EXPECT_EQ(report.bad_words, 0u);
    EXPECT_TRUE(report.first.empty());
    EXPECT_GT(report.seconds, 0);
    EXPECT_EQ(march->look(2).bad_words, 0u);
  }
}

TEST(L2MarchDeviceHalf, ALookFindsAWrongWordEveryTimeAndMendsNothing) {
  GpuInReach gpu;
  const auto march = make_l2_march(gpu, 5);
  march->march(1);
  gpu.flip(kWorkingSet, 77, sizeof(Word128), 100);
  const std::uint64_t once = march->look(1).bad_words;
  EXPECT_GT(once, 1u) << "in every round";
  EXPECT_EQ(march->look(1).bad_words, once);
  EXPECT_EQ(march->march(1).bad_words, 1u);
  EXPECT_EQ(march->look(1).bad_words, 0u);
}

TEST(L2MarchDeviceHalf, EveryBitOfAWordCountsOnceAndIsNamed) {
  GpuInReach gpu;
  const auto march = make_l2_march(gpu, 5);
  const std::uint64_t words = l2_working_set(gpu.l2_bytes()) / sizeof(Word128);
  for (int bit = 0; bit < 128; bit += 3) {
    const std::uint64_t word = bit == 0 ? words - 1 : static_cast<std::uint64_t>(bit) * 7 % words;
    gpu.flip(kWorkingSet, word, sizeof(Word128), bit);
    const L2Report report = march->march(1);
    EXPECT_EQ(report.bad_words, 1u) << bit;
    ASSERT_EQ(report.first.size(), 1u) << bit;
    EXPECT_EQ(report.first[0].index, word);
    const Word128 flipped = report.first[0].expected ^ report.first[0].actual;
    EXPECT_EQ(flipped.low, bit < 64 ? std::uint64_t{1} << bit : 0);
    EXPECT_EQ(flipped.high, bit < 64 ? 0 : std::uint64_t{1} << (bit - 64));
    EXPECT_EQ(march->march(1).bad_words, 0u) << "written anew";
  }
}

TEST(L2MarchDeviceHalf, OfManyBadWordsAllAreCounted) {
  GpuInReach gpu;
  const auto march = make_l2_march(gpu, 5);
  for (std::uint64_t word = 0; word < 300; ++word) gpu.flip(kWorkingSet, word, sizeof(Word128), 9);
  const L2Report report = march->march(1);
  EXPECT_EQ(report.bad_words, 300u);
  EXPECT_EQ(report.first.size(), 64u);
}

}  // namespace
}  // namespace assay::memory
