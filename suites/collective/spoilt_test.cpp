// Who is blamed for what collectives got wrong.
#include "suites/collective/spoilt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace assay::collective {
namespace {

using nccl::Collective;

constexpr int kNodeRanks = 8;

Seen seen(std::size_t number, Collective collective, const std::vector<std::uint64_t>& elements) {
  Seen one;
  one.number = number;
  one.collective = collective;
  for (const std::uint64_t element : elements) one.wrong.first.push_back({element, 1, 2});
  one.wrong.count = elements.size();
  set_elements(one);
  return one;
}

/// The same of what the switches brought.
Seen switched(std::size_t number, Collective collective, const std::vector<std::uint64_t>& elements) {
  Seen one = seen(number, collective, elements);
  one.switched = true;
  return one;
}

/// Of what is only carried: one element of what came from each of these.
Seen seen_from(std::size_t number, Collective collective, const std::vector<int>& from) {
  std::vector<std::uint64_t> elements;
  for (const int sender : from) elements.push_back(static_cast<std::uint64_t>(sender));
  Seen one = seen(number, collective, elements);
  one.from.resize(kNodeRanks);
  for (const int sender : from) one.from[static_cast<std::size_t>(sender)] = true;
  return one;
}

AllSeen nothing_seen(int ranks = kNodeRanks) {
  return AllSeen(static_cast<std::size_t>(ranks));
}

std::uint64_t all_wrong(const AllSeen& all) {
  std::uint64_t wrong = 0;
  for (const std::vector<Seen>& by_rank : all) {
    for (const Seen& one : by_rank) wrong += one.wrong.count + one.wrong.outside;
  }
  return wrong;
}

std::set<int> blamed(const Blame& found) {
  std::set<int> all;
  for (std::size_t rank = 0; rank < found.of_rank.size(); ++rank) {
    if (found.of_rank[rank] > 0) all.insert(static_cast<int>(rank));
  }
  return all;
}

/// One rank has all of it.
void expect_all_on(int rank, const AllSeen& all) {
  const Blame found = blame(all);
  ASSERT_EQ(found.of_rank.size(), all.size());
  EXPECT_EQ(blamed(found), std::set<int>{rank});
  EXPECT_EQ(found.of_rank[static_cast<std::size_t>(rank)], all_wrong(all));
  EXPECT_EQ(found.unexplained, 0u);
}

void expect_nobody(const AllSeen& all) {
  const Blame found = blame(all);
  EXPECT_EQ(blamed(found), std::set<int>());
  EXPECT_EQ(found.unexplained, all_wrong(all));
}

TEST(CollectiveBlame, WhereNothingIsWrongNobodyIs) {
  expect_nobody(nothing_seen());
  expect_nobody(nothing_seen(1));
}

TEST(CollectiveBlame, OneThatSpoilsWhatItReceivesHasAllWaysToIt) {
  AllSeen all = nothing_seen();
  all[5].push_back(seen_from(1, Collective::all_to_all, {0, 1, 2, 3, 4, 6, 7}));
  expect_all_on(5, all);
}

TEST(CollectiveBlame, OneThatSpoilsWhatItSendsHasAllWaysFromIt) {
  AllSeen all = nothing_seen();
  for (std::size_t rank = 0; rank < kNodeRanks; ++rank) {
    if (rank != 5) all[rank].push_back(seen_from(1, Collective::all_to_all, {5}));
  }
  expect_all_on(5, all);
}

TEST(CollectiveBlame, WaysOfSeveralCollectivesAreTakenTogether) {
  AllSeen all = nothing_seen();
  all[3].push_back(seen_from(1, Collective::send_receive, {2}));
  all[3].push_back(seen_from(4, Collective::scatter, {6}));
  all[0].push_back(seen_from(7, Collective::gather, {3}));
  expect_all_on(3, all);
}

TEST(CollectiveBlame, ASingleWayLeavesItOpenWhichEndItWas) {
  AllSeen all = nothing_seen();
  all[3].push_back(seen_from(1, Collective::send_receive, {2}));
  expect_nobody(all);
  // The same way again says no more.
  all[3].push_back(seen_from(9, Collective::send_receive, {2}));
  expect_nobody(all);
}

TEST(CollectiveBlame, OfTwoRanksWaysLeaveItOpen) {
  AllSeen all = nothing_seen(2);
  all[0].push_back(seen_from(1, Collective::all_to_all, {1}));
  all[1].push_back(seen_from(1, Collective::all_to_all, {0}));
  expect_nobody(all);
}

/// What a rank sends to itself goes over no wire of another.
TEST(CollectiveBlame, WhatARankSentToItselfIsNoWay) {
  AllSeen all = nothing_seen();
  for (std::size_t rank = 0; rank < 3; ++rank)
    all[rank].push_back(seen_from(1, Collective::all_to_all, {static_cast<int>(rank)}));
  expect_nobody(all);
}

TEST(CollectiveBlame, BehindTheSwitchesItIsTheOneThatAloneGotWrongWhatAllShouldHaveAlike) {
  for (const Collective collective : {Collective::all_reduce, Collective::all_gather}) {
    AllSeen all = nothing_seen();
    all[6].push_back(switched(2, collective, {4000}));
    expect_all_on(6, all);
  }
}

/// The one before it may have spoilt what it sent.
TEST(CollectiveBlame, TheLastOfARingMayHaveGotItWrongFromTheOneBefore) {
  for (const Collective collective :
       {Collective::all_reduce, Collective::all_gather, Collective::broadcast}) {
    AllSeen all = nothing_seen();
    all[6].push_back(seen(2, collective, {4000}));
    expect_nobody(all);
  }
}

/// What goes straight has it from there, and in a ring the next one alone got some of it wrong.
TEST(CollectiveBlame, OneThatSpoilsWhatItSendsIsTheOneAndTheNextInARingIsNot) {
  AllSeen all = nothing_seen();
  for (std::size_t rank = 0; rank < kNodeRanks; ++rank) {
    if (rank != 5) all[rank].push_back(seen_from(1, Collective::all_to_all, {5}));
  }
  all[6].push_back(seen(2, Collective::all_gather, {4000}));
  all[6].push_back(seen(3, Collective::broadcast, {12}));
  expect_all_on(5, all);
}

/// In a ring what is spoilt on the way is wrong at all that come after.
TEST(CollectiveBlame, DownstreamOfItInARingOthersAreWrongToo) {
  AllSeen all = nothing_seen();
  for (std::size_t rank = 3; rank < 7; ++rank)
    all[rank].push_back(seen(1, Collective::all_gather, {17, 900}));
  expect_nobody(all);
  all[3].push_back(switched(2, Collective::all_gather, {901}));
  expect_all_on(3, all);
}

TEST(CollectiveBlame, OfASumThatIsWrongAtAllItIsOpen) {
  AllSeen all = nothing_seen();
  for (std::vector<Seen>& rank : all) rank.push_back(seen(1, Collective::all_reduce, {12, 13}));
  expect_nobody(all);
}

/// Its part is nobody else's, and what came before it may be wrong already.
TEST(CollectiveBlame, OfWhatOneAloneGetsItIsOpen) {
  for (const Collective collective : {Collective::reduce, Collective::reduce_scatter}) {
    AllSeen all = nothing_seen();
    all[2].push_back(seen(1, collective, {12, 13}));
    expect_nobody(all);
  }
}

TEST(CollectiveBlame, WhatIsOpenIsOnTheOneThatAnotherCollectiveAccusesIfThatGotItWrongItself) {
  AllSeen all = nothing_seen();
  for (std::vector<Seen>& rank : all) rank.push_back(seen(2, Collective::all_reduce, {7}));
  all[4].push_back(switched(3, Collective::all_gather, {7}));
  expect_all_on(4, all);
  all[2].push_back(seen(1, Collective::reduce, {12, 13}));
  EXPECT_EQ(blame(all).unexplained, 2u) << "what rank 2 alone gets";
}

/// Two that spoil the same: what both got wrong is not one's.
TEST(CollectiveBlame, BehindTheSwitchesWhatTwoGotWrongIsOfNeither) {
  AllSeen all = nothing_seen();
  for (const std::size_t rank : {1, 6}) all[rank].push_back(switched(1, Collective::all_reduce, {5}));
  all[6].push_back(switched(2, Collective::all_reduce, {9}));
  const Blame found = blame(all);
  EXPECT_EQ(found.of_rank[6], 1u);
  EXPECT_EQ(found.unexplained, 2u);
}

TEST(CollectiveBlame, TwoThatEachAloneGotSomethingWrongHaveTheirOwn) {
  AllSeen all = nothing_seen();
  all[1].push_back(switched(1, Collective::all_reduce, {5}));
  all[6].push_back(switched(2, Collective::all_gather, {5, 6}));
  all[0].push_back(seen(3, Collective::reduce, {9}));
  const Blame found = blame(all);
  EXPECT_EQ(blamed(found), (std::set<int>{1, 6}));
  EXPECT_EQ(found.of_rank[1], 1u);
  EXPECT_EQ(found.of_rank[6], 2u);
  EXPECT_EQ(found.unexplained, 1u) << "a third collective accuses neither";
}

/// Of one collective it is not told whose elements are whose.
TEST(CollectiveBlame, TwoInOneCollectiveLeaveItOpen) {
  AllSeen all = nothing_seen();
  all[1].push_back(switched(1, Collective::all_reduce, {5}));
  all[6].push_back(switched(1, Collective::all_reduce, {900}));
  expect_nobody(all);
}

/// Where a list was cut short, another's may be the same and not be in it.
TEST(CollectiveBlame, ListsThatAreNotCompleteAccuseNobody) {
  std::vector<std::uint64_t> many;
  for (std::uint64_t element = 0; element < 64; ++element) many.push_back(element);
  AllSeen all = nothing_seen();
  all[1].push_back(switched(1, Collective::all_reduce, many));
  EXPECT_FALSE(all[1][0].complete);
  EXPECT_LT(all[1][0].elements.size(), many.size());
  all[2].push_back(switched(1, Collective::all_reduce, {63}));
  EXPECT_TRUE(all[2][0].complete);
  expect_nobody(all);
}

TEST(CollectiveBlame, AListWithMoreWrongThanAreListedIsNotComplete) {
  Seen one = seen(1, Collective::all_reduce, {4});
  one.wrong.count = 2;
  one.elements.clear();
  set_elements(one);
  EXPECT_FALSE(one.complete);
}

/// As workers exchange it.
AllSeen told(const AllSeen& all) {
  AllSeen back;
  for (const std::vector<Seen>& by_rank : all)
    back.push_back(nlohmann::json::parse(nlohmann::json(by_rank).dump()).get<std::vector<Seen>>());
  return back;
}

TEST(CollectiveBlame, WhatIsToldToOtherRanksComesBackTheSame) {
  Seen one = seen_from(31, Collective::gather, {2, 7});
  one.elements = {3, std::uint64_t{1} << 40};
  one.complete = false;
  one.switched = true;
  one.wrong.count = std::uint64_t{1} << 41;
  const Seen back = told({{one}})[0][0];
  EXPECT_EQ(back.number, one.number);
  EXPECT_EQ(back.collective, one.collective);
  EXPECT_EQ(back.switched, one.switched);
  EXPECT_EQ(back.wrong.count, one.wrong.count);
  EXPECT_EQ(back.elements, one.elements);
  EXPECT_EQ(back.complete, one.complete);
  EXPECT_EQ(back.from, one.from);
}

TEST(CollectiveBlame, IsTheSameOfWhatWasTold) {
  AllSeen all = nothing_seen();
  all[1].push_back(switched(1, Collective::all_reduce, {5}));
  all[2].push_back(seen_from(2, Collective::all_to_all, {1, 3}));
  all[5].push_back(seen(3, Collective::reduce, {5, 6, 7}));
  const Blame here = blame(all), there = blame(told(all));
  EXPECT_EQ(there.of_rank, here.of_rank);
  EXPECT_EQ(there.unexplained, here.unexplained);
}

/// What was written past the end of a buffer counts for the others as well.
TEST(CollectiveBlame, WordsChangedAroundABufferAreToldToo) {
  AllSeen all = nothing_seen();
  all[1].push_back(seen(1, Collective::all_reduce, {}));
  all[1][0].wrong.outside = 3;
  EXPECT_EQ(told(all)[1][0].wrong.outside, 3u);
  const Blame found = blame(told(all));
  std::uint64_t counted_there = found.unexplained;
  for (const std::uint64_t of_one : found.of_rank) counted_there += of_one;
  EXPECT_EQ(counted_there, 3u);
}

TEST(WhatIsSpoilt, IsTheOnlyGpusWhoeverSeesIt) {
  AllSeen all = nothing_seen(4);
  for (std::size_t rank = 1; rank < 4; ++rank) all[rank].push_back(seen(3, Collective::all_reduce, {5}));
  EXPECT_EQ(blame(all).unexplained, 3u);
  const Blame of_one_gpu = blame(all, true);
  EXPECT_EQ(of_one_gpu.unexplained, 0u);
  EXPECT_EQ(of_one_gpu.of_rank, (std::vector<std::uint64_t>{0, 3, 0, 0})) << "the first that saw it";
  EXPECT_EQ(blame(nothing_seen(4), true).of_rank, std::vector<std::uint64_t>(4));
}

}  // namespace
}  // namespace assay::collective
