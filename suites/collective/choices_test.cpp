#include "suites/collective/choices.h"

#include <gtest/gtest.h>

namespace assay::collective {
namespace {

using nccl::Collective;

constexpr Collective kWithAlgorithm[] = {Collective::all_reduce, Collective::reduce,
                                         Collective::reduce_scatter, Collective::all_gather,
                                         Collective::broadcast};
constexpr Collective kSendsAndReceives[] = {Collective::all_to_all, Collective::gather, Collective::scatter,
                                            Collective::send_receive};

NcclChoice choice(const char* algorithm, const char* protocol) {
  return {"AllReduce", algorithm, protocol, 8};
}

TEST(CollectiveChoices, AsAskedIsNotOtherwise) {
  Choices choices(Way::ring_ll128, 8);
  choices.add(Collective::all_reduce, {choice("RING", "LL128"), choice("RING", "LL128")}, "first");
  choices.add(Collective::all_reduce, {choice("RING", "LL128")}, "second");
  EXPECT_TRUE(choices.otherwise().empty());
  EXPECT_EQ(choices.counts(), (std::map<std::string, int>{{"AllReduce RING LL128", 3}}));
}

TEST(CollectiveChoices, AnotherAlgorithmOrProtocolIsOtherwise) {
  Choices choices(Way::ring_ll128, 8);
  choices.add(Collective::all_reduce, {choice("RING", "LL128"), choice("RING", "SIMPLE")}, "first");
  choices.add(Collective::all_reduce, {choice("TREE", "LL128")}, "second");
  EXPECT_EQ(choices.otherwise(), (std::vector<std::string>{"first: RING SIMPLE", "second: TREE LL128"}));
}

TEST(CollectiveChoices, WhateverNcclTakesByItselfIsAsAsked) {
  Choices choices(Way::by_itself, 8);
  choices.add(Collective::all_reduce, {choice("RING", "LL128"), choice("NVLS", "SIMPLE")}, "first");
  EXPECT_TRUE(choices.otherwise().empty());
}

TEST(CollectiveChoices, SilenceIsNoAnswer) {
  for (const Way way : kAllWays) {
    for (const Collective collective : kWithAlgorithm) {
      Choices choices(way, 8);
      choices.add(collective, {}, "first");
      EXPECT_EQ(choices.otherwise(), (std::vector<std::string>{"first: NCCL said nothing"}))
          << nccl::name_of(collective) << ", " << name_of(way);
    }
  }
}

TEST(CollectiveChoices, NothingIsSaidOfSendsAndReceivesNorOfOneRank) {
  Choices eight(Way::by_itself, 8), one(Way::ring_ll, 1);
  for (const Collective collective : kSendsAndReceives) eight.add(collective, {}, "first");
  for (const Collective collective : kWithAlgorithm) one.add(collective, {}, "first");
  EXPECT_TRUE(eight.otherwise().empty());
  EXPECT_TRUE(one.otherwise().empty());
}

}  // namespace
}  // namespace assay::collective
