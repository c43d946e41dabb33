#include "suites/collective/search.h"

#include <gtest/gtest.h>

#include <set>

namespace assay::collective {
namespace {

/// Goes on until it ends; a group with one of these is wrong. How many rounds it took.
int search(Search& search, const std::set<int>& culprits, int ranks) {
  int rounds = 0;
  for (auto groups = search.groups(); !groups.empty() && rounds < 100; groups = search.groups()) {
    ++rounds;
    std::set<int> in_groups;
    std::vector<bool> wrong;
    for (const std::vector<int>& group : groups) {
      EXPECT_GE(group.size(), 2u) << "one rank alone sends nothing";
      bool has_one = false;
      for (const int rank : group) {
        EXPECT_TRUE(in_groups.insert(rank).second) << "rank " << rank << " cannot be in two at once";
        EXPECT_TRUE(rank >= 0 && rank < ranks) << rank;
        has_one = has_one || culprits.count(rank) > 0;
      }
      wrong.push_back(has_one);
    }
    search.learn(wrong);
  }
  return rounds;
}

TEST(CollectiveSearch, EveryOneOfEightIsFoundInThreeRounds) {
  for (int culprit = 0; culprit < 8; ++culprit) {
    Search among(8);
    EXPECT_EQ(search(among, {culprit}, 8), 3);
    EXPECT_EQ(among.found(), culprit);
    EXPECT_STREQ(among.why_not(), "");
  }
}

TEST(CollectiveSearch, EveryOneOfFourIsFoundInTwoRounds) {
  for (int culprit = 0; culprit < 4; ++culprit) {
    Search among(4);
    EXPECT_EQ(search(among, {culprit}, 4), 2);
    EXPECT_EQ(among.found(), culprit);
  }
}

TEST(CollectiveSearch, TwoAreNotTakenForOne) {
  for (int first = 0; first < 8; ++first) {
    for (int second = first + 1; second < 8; ++second) {
      Search among(8);
      search(among, {first, second}, 8);
      EXPECT_EQ(among.found(), std::nullopt) << first << ", " << second;
      EXPECT_STRNE(among.why_not(), "") << first << ", " << second;
    }
  }
}

TEST(CollectiveSearch, NobodyIsNamedOnceNothingIsWrongAnyMore) {
  Search among(8);
  EXPECT_EQ(search(among, {}, 8), 1);
  EXPECT_EQ(among.found(), std::nullopt);
  EXPECT_STREQ(among.why_not(), "nothing was wrong any more");
  EXPECT_EQ(among.suspects().size(), 8u);
}

TEST(CollectiveSearch, OfTwoWhoShareAllNobodyIsNamed) {
  Search among(2);
  EXPECT_TRUE(among.groups().empty());
  EXPECT_EQ(among.found(), std::nullopt);
}

TEST(CollectiveSearch, OfThreeNobodyIsToldAndItSaysWhy) {
  for (const int ranks : {1, 2, 3}) {
    const Search search(ranks);
    EXPECT_TRUE(search.groups().empty()) << ranks;
    EXPECT_STRNE(search.why_not(), "") << ranks;
  }
  EXPECT_STREQ(Search(4).why_not(), "");
}

}  // namespace
}  // namespace assay::collective
