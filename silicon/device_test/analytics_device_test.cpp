// Queries: nothing is found where nothing is wrong, and a bit that is flipped anywhere between two
// repetitions is.
#include <gtest/gtest.h>

#include <set>

#include "kernels/workloads/analytics/analytics.h"
#include "kernels/workloads/analytics/columns.h"
#include "kernels/workloads/analytics/sizes.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads {
namespace {

constexpr Query kQueries[] = {Query::scan, Query::sort, Query::join};

std::uint64_t hash_of_one(const Repetitions& done) {
  EXPECT_EQ(done.by_hash.size(), 1u);
  return done.by_hash.begin()->first;
}

TEST(AnalyticsDeviceHalf, FindsNothingWhereNothingIsWrongAndComesToTheSame) {
  for (const Query query : kQueries) {
    const auto gpu = memory::test_gpu();
    const auto workload = make_analytics(*gpu, query, kData);
    std::set<std::uint64_t> hashes;
    for (const int times : {1, 3}) {
      const Repetitions done = workload->repeat(times);
      EXPECT_EQ(done.wrong_values, 0u) << static_cast<int>(query);
      EXPECT_TRUE(done.first_wrong.empty());
      EXPECT_GT(done.seconds, 0);
      hashes.insert(hash_of_one(done));
      EXPECT_EQ(done.by_hash.begin()->second, static_cast<std::uint64_t>(times));
    }
    EXPECT_EQ(hashes.size(), 1u) << static_cast<int>(query);
    EXPECT_NE(hash_of_one(make_analytics(*gpu, query, kData + 1)->repeat(1)), *hashes.begin());
  }
}

/// Of a query's columns, by the number of their allocation: elements of so many bytes.
struct Damaged {
  Query query;
  std::size_t allocation;
  unsigned bytes;
  std::uint64_t on_card, under_emulation;
};

/// Every bit of an element, each of another one, in whatever column the query reads.
TEST(AnalyticsDeviceHalf, EveryFlippedBitOfTheDataIsFoundAndNothingOnceItIsMended) {
  const Damaged columns[] = {{Query::scan, 0, 4, kScanOnCard.rows(), kScanUnderEmulation.rows()},
                             {Query::sort, 0, 8, kSortOnCard.rows(), kSortUnderEmulation.rows()},
                             {Query::join, 0, 4, kJoinOnCard.built(), kJoinUnderEmulation.built()},
                             {Query::join, 1, 4, kJoinOnCard.built(), kJoinUnderEmulation.built()},
                             {Query::join, 2, 4, kJoinOnCard.probes(), kJoinUnderEmulation.probes()}};
  for (const Damaged& column : columns) {
    memory::GpuInReach gpu;
    const auto workload = make_analytics(gpu, column.query, kData);
    const std::uint64_t elements = gpu.emulated() ? column.under_emulation : column.on_card;
    const int bits = static_cast<int>(8 * column.bytes), step = gpu.emulated() ? 3 : 13;
    const std::uint64_t right = hash_of_one(workload->repeat(1));
    for (int bit = 0; bit < bits; bit += step) {
      const std::uint64_t element =
          bit == 0 ? elements - 1 : elements / 37 * static_cast<unsigned>(bit) % elements;
      gpu.flip(column.allocation, element, column.bytes, bit);
      const Repetitions done = workload->repeat(1);
      EXPECT_GT(done.wrong_values, 0u)
          << static_cast<int>(column.query) << " " << column.allocation << " " << bit;
      EXPECT_FALSE(done.first_wrong.empty());
      EXPECT_NE(hash_of_one(done), right);
      gpu.flip(column.allocation, element, column.bytes, bit);
    }
    const Repetitions mended = workload->repeat(1);
    EXPECT_EQ(mended.wrong_values, 0u);
    EXPECT_EQ(hash_of_one(mended), right);
  }
}

TEST(AnalyticsDeviceHalf, AShuffleIsABijectionAndGoesBack) {
  for (const unsigned bits : {10u, 11u, 13u}) {
    const Shuffle shuffle{bits, 0x12345679};
    std::set<std::uint32_t> all;
    for (std::uint32_t i = 0; i < 1u << bits; ++i) {
      all.insert(shuffle.of(i));
      EXPECT_EQ(shuffle.back(shuffle.of(i)), i);
    }
    EXPECT_EQ(all.size(), std::size_t{1} << bits);
    EXPECT_LT(*all.rbegin(), 1u << bits);
  }
  for (const unsigned bits : {28u, 30u, 32u}) {
    const Shuffle shuffle{bits, 0xfedcba98};
    for (std::uint64_t i = 0; i < 1ull << bits; i += 987'654'321)
      EXPECT_EQ(shuffle.back(shuffle.of(static_cast<std::uint32_t>(i))), i);
  }
}

TEST(AnalyticsDeviceHalf, TheClosedFormIsTheSum) {
  for (const unsigned bits : {10u, 13u, 17u, 26u, 30u}) {
    std::uint64_t sum = 0;
    std::uint32_t before = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      EXPECT_EQ(sum_of_spread(i, bits), sum);
      EXPECT_TRUE(i == 0 || spread(i, bits) > before);
      EXPECT_EQ(gathered(spread(i, bits), bits), i);
      before = spread(i, bits);
      EXPECT_TRUE(bits > 29 || (before != 1 && before != 2));
      sum += before;
    }
  }
}

}  // namespace
}  // namespace assay::workloads
