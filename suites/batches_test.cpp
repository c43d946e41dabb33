#include "suites/batches.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay {
namespace {

/// Exact in binary, as are multiples of it.
constexpr double kEach_s = 1.0 / 64;

/// Of repetitions that take so long.
std::vector<int> all_of(Batches batches, double each_s) {
  std::vector<int> all;
  double elapsed_s = 0;
  while (const int batch = batches.next(elapsed_s, each_s)) {
    all.push_back(batch);
    elapsed_s += batch * each_s;
  }
  return all;
}

TEST(Batches, AreAsManyAsWanted) {
  EXPECT_EQ(all_of(Batches(8, 8, 4, 1000), kEach_s), std::vector<int>(8, 64));
}

TEST(Batches, AreNoLongerThanTheLongest) {
  EXPECT_EQ(all_of(Batches(100, 8, 4, 1000), kEach_s), std::vector<int>(25, 256));
}

TEST(Batches, AreOfNoMoreThanTheMost) {
  EXPECT_EQ(all_of(Batches(8, 8, 4, 25), kEach_s), std::vector<int>(20, 25));
}

TEST(Batches, EndWithTheDuration) {
  EXPECT_EQ(all_of(Batches(11, 4, 2, 1000), 0.75), (std::vector<int>{3, 3, 3, 3, 2}));
  EXPECT_EQ(all_of(Batches(10, 5, 4, 1000), 0.3).back(), 3);
}

TEST(Batches, AreMadeWhereThereIsNoTime) {
  EXPECT_EQ(all_of(Batches(0, 8, 4, 1000), kEach_s), std::vector<int>(4, 1));
  EXPECT_EQ(all_of(Batches(0.05, 8, 4, 1000), kEach_s), std::vector<int>(4, 1));
}

TEST(Batches, AreOfTheMostWhereOneTakesNoTimeThatIsMeasured) {
  EXPECT_EQ(Batches(8, 8, 4, 1000).next(0, 0), 1000);
  EXPECT_EQ(Batches(0, 8, 4, 1000).next(0, 0), 1);
}

}  // namespace
}  // namespace assay
