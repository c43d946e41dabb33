#include "suites/measuring.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay {
namespace {

TEST(Measuring, LeavesWarmUpsOut) {
  int calls = 0;
  const double median = median_seconds({3, 5, 60, 0.01}, [&] { return ++calls <= 3 ? 100.0 : 1.0; });
  EXPECT_EQ(calls, 8);
  EXPECT_EQ(median, 1);
}

TEST(Measuring, GoesOnUntilTheMedianHasSettled) {
  int calls = 0;
  // Every other one is twice as slow at first: the middle half is wide.
  const auto once = [&] { return ++calls <= 12 && calls % 2 == 0 ? 2.0 : 1.0; };
  EXPECT_EQ(median_seconds({0, 4, 100, 0.01}, once), 1);
  EXPECT_GT(calls, 12);
  EXPECT_LT(calls, 40);
}

TEST(Measuring, StopsAtTheMostWhereItNeverSettles) {
  int calls = 0;
  median_seconds({0, 4, 10, 0.01}, [&] { return static_cast<double>(++calls); });
  EXPECT_EQ(calls, 10);
}

TEST(Measuring, FlushesBeforeEachAndDoesNotTimeThat) {
  std::vector<char> order;
  median_seconds(
      {1, 2, 2, 0.01},
      [&] {
        order.push_back('t');
        return 1.0;
      },
      [&] { order.push_back('f'); });
  EXPECT_EQ(order, (std::vector<char>{'f', 't', 'f', 't', 'f', 't'}));
}

}  // namespace
}  // namespace assay
