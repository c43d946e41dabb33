#include "harness/node/nccl_ras.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay {
namespace {

std::string rank(int number, int all_reduces) {
  return R"({"rank": )" + std::to_string(number) +
         R"(, "status": {"init_state": 0, "finalize_called": false}, "collective_counts": {"AllReduce": )" +
         std::to_string(all_reduces) + "}}";
}
std::string communicator(const std::string& ranks, const std::string& missing) {
  return R"({"ranks": [)" + ranks + R"(], "missing_ranks": [)" + missing + "]}";
}
std::string answer(const std::string& communicators) {
  return "OK\n{\"communicators\": [" + communicators + "]}";
}

TEST(NcclRas, SaysWhoHasBegunWhat) {
  const RasAnswer read = read_ras(answer(communicator(rank(0, 7) + ", " + rank(1, 6), "")));
  ASSERT_EQ(read.ranks.size(), 2u);
  for (const RasRank& one : read.ranks) {
    EXPECT_TRUE(one.answers);
    EXPECT_FALSE(one.finalizing);
    EXPECT_EQ(one.begun.at("AllReduce"), one.rank == 0 ? 7u : 6u);
  }
}

/// jsonWriteMissingRank of NCCL 2.28.9: no comma after nvml_dev.
TEST(NcclRas, AMissingRankIsRead) {
  const std::string missing =
      "{\"rank\": 3, \"cuda_dev\": 0, \"nvml_dev\": 3\n \"status\": {\"dead\": true}}";
  const RasAnswer read = read_ras(answer(communicator(rank(0, 7), missing)));
  ASSERT_EQ(read.ranks.size(), 2u);
  EXPECT_EQ(read.ranks[1].rank, 3);
  EXPECT_FALSE(read.ranks[1].answers);
  EXPECT_TRUE(read.ranks[1].begun.empty());
}

TEST(NcclRas, TheCommunicatorWithMostRanksCounts) {
  const std::string one = communicator(rank(5, 1), ""),
                    two = communicator(rank(0, 7) + ", " + rank(1, 7), "");
  EXPECT_EQ(read_ras(answer(one + ", " + two)).ranks.size(), 2u);
  EXPECT_EQ(read_ras(answer(two + ", " + one)).ranks.size(), 2u);
}

TEST(NcclRas, WhatCannotBeReadIsNoAnswer) {
  const std::string whole = answer(communicator(rank(0, 7), ""));
  for (const std::string& text :
       {std::string(), std::string("OK\n"), whole.substr(0, whole.size() / 2),
        std::string(R"({"communicators": [{"ranks": [{"rank": 0}], "missing_ranks": []}]})"),
        std::string(R"({"communicators": [{"ranks": []}]})"), std::string("{}")}) {
    EXPECT_THROW(read_ras(text), std::runtime_error) << text;
  }
}

}  // namespace
}  // namespace assay
