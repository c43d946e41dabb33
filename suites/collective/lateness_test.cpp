#include "suites/collective/lateness.h"

#include <gtest/gtest.h>

namespace assay::collective {
namespace {

using Times = std::vector<std::vector<Nanoseconds>>;

TEST(Lateness, WhoComesLaterThanTheOthersIs) {
  const Times arrived{{100, 100, 400, 100}, {1200, 1205, 1500, 1195}, {2000, 2000, 2300, 2000}};
  const std::vector<Nanoseconds> late = lateness(arrived);
  EXPECT_EQ(late[2], 300);
  for (const std::size_t rank : {0, 1, 3}) EXPECT_LE(late[rank], 5) << rank;
}

TEST(Lateness, OneThatIsEarlyMakesNobodyLate) {
  const Times arrived{{0, 300, 300, 300}, {0, 300, 300, 300}};
  const std::vector<Nanoseconds> late = lateness(arrived);
  EXPECT_EQ(late, (std::vector<Nanoseconds>{-300, 0, 0, 0}));
}

TEST(Lateness, OnceIsNotAlways) {
  const Times arrived{{0, 0, 9000}, {10, 10, 10}, {20, 20, 20}};
  EXPECT_EQ(lateness(arrived)[2], 0);
}

TEST(Lateness, OfTwoTheOneIsHeldToTheOther) {
  EXPECT_EQ(lateness({{0, 50}}), (std::vector<Nanoseconds>{-50, 50}));
}

TEST(Lateness, BelowTwiceWhatTheClocksMayBeOffNobodyIs) {
  EXPECT_EQ(certain(39, 10, 10), 0);
  EXPECT_EQ(certain(40, 10, 10), 40);
  EXPECT_EQ(certain(-500, 10, 10), 0);
}

}  // namespace
}  // namespace assay::collective
