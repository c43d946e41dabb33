#include "suites/collective/exchanges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace assay::collective {
namespace {

/// Each direction takes 1 s, times what the two make of it; a rank takes as long as the slower of its two.
SecondsByDistance exchanged(int ranks, const std::function<double(int from, int to)>& seconds) {
  SecondsByDistance all(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    for (int distance = 1; distance < ranks; ++distance)
      all[static_cast<std::size_t>(rank)].push_back(std::max(
          seconds(rank, (rank + distance) % ranks), seconds((rank + ranks - distance) % ranks, rank)));
  }
  return all;
}

TEST(Exchanges, ASlowRankIsSlowWithAllAndHoldsUpNobodyForGood) {
  for (int slow = 0; slow < 8; ++slow) {
    const auto seconds =
        exchanged(8, [&](int from, int to) { return from == slow || to == slow ? 2.0 : 1.0; });
    for (int rank = 0; rank < 8; ++rank)
      EXPECT_EQ(seconds_of_rank(seconds, rank), rank == slow ? 2 : 1) << rank << ", slow: " << slow;
    for (int one = 0; one < 8; ++one) {
      for (int other = one + 1; other < 8; ++other)
        EXPECT_EQ(seconds_between(seconds, one, other), one == slow || other == slow ? 2 : 1)
            << one << ", " << other << ", slow: " << slow;
    }
  }
}

TEST(Exchanges, ASlowWayIsOfItsTwoAlone) {
  for (const auto& [first, second] : {std::pair(0, 7), std::pair(2, 3), std::pair(1, 5), std::pair(6, 4)}) {
    const auto seconds = exchanged(8, [&, a = first, b = second](int from, int to) {
      return from == a && to == b ? 3.0 : 1.0;  // one direction is enough
    });
    for (int rank = 0; rank < 8; ++rank) EXPECT_EQ(seconds_of_rank(seconds, rank), 1) << rank;
    for (int one = 0; one < 8; ++one) {
      for (int other = one + 1; other < 8; ++other)
        EXPECT_EQ(seconds_between(seconds, one, other),
                  one == std::min(first, second) && other == std::max(first, second) ? 3 : 1)
            << one << ", " << other;
    }
  }
}

TEST(Exchanges, OfTwoRanksEachIsTheOthers) {
  const auto seconds = exchanged(2, [](int, int) { return 4.0; });
  EXPECT_EQ(seconds_of_rank(seconds, 0), 4);
  EXPECT_EQ(seconds_between(seconds, 0, 1), 4);
}

}  // namespace
}  // namespace assay::collective
