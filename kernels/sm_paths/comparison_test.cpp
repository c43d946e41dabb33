#include "kernels/sm_paths/comparison.h"

#include <gtest/gtest.h>

namespace assay::compute {
namespace {

constexpr Datapath kPath = Datapath::tensor_tf32;
constexpr std::uint32_t kRounds = 10;

std::uint64_t right_hash(unsigned thread) {
  return 1000 + thread;
}

std::vector<std::uint64_t> right_hashes() {
  std::vector<std::uint64_t> hashes;
  for (unsigned i = 0; i < kThreads; ++i) hashes.push_back(right_hash(i));
  return hashes;
}

BlockResult right_block(std::uint16_t sm) {
  BlockResult block;
  for (unsigned i = 0; i < kThreads; ++i) block.threads[i] = {right_hash(i), 0, sm, sm};
  return block;
}

LaunchResult right_launch(std::uint16_t sms) {
  LaunchResult launch;
  for (std::uint16_t sm = 0; sm < sms; ++sm) launch.blocks.push_back(right_block(sm));
  return launch;
}

Comparison compared(const LaunchResult& launch, const std::vector<std::uint64_t>& expected = {}) {
  Comparison comparison;
  comparison.add(kPath, Data::random, 1, kRounds, launch, expected);
  return comparison;
}

TEST(SmComparison, EqualResultsAccuseNobody) {
  const Comparison comparison = compared(right_launch(5), right_hashes());
  EXPECT_TRUE(comparison.wrong().empty());
  EXPECT_TRUE(comparison.unexpected().empty());
  EXPECT_EQ(comparison.sms_of_all(), 5u);
  EXPECT_EQ(comparison.paths(), 1u);
}

TEST(SmComparison, TheOneThatDiffersIsNamedWithItsSubPartition) {
  LaunchResult launch = right_launch(5);
  launch.blocks[3].threads[70].hash = 1;  // warp 2
  const Comparison comparison = compared(launch);
  ASSERT_EQ(comparison.wrong().size(), 1u);
  EXPECT_EQ(comparison.wrong().begin()->first, 3u);
  const WrongSm& wrong = comparison.wrong().begin()->second;
  EXPECT_EQ(wrong.at(kPath).all_results(), kRounds);
  EXPECT_EQ(culprit_of(wrong), "tensor_tf32 of sub-partition 2");
}

TEST(SmComparison, RoundsThatDifferFromTheFirstAreCounted) {
  LaunchResult launch = right_launch(5);
  launch.blocks[1].threads[0].wrong_rounds = 3;
  launch.blocks[2].threads[0] = {7, 9, 2, 2};  // the first round alone was wrong
  const Comparison comparison = compared(launch);
  EXPECT_EQ(comparison.wrong().at(1).at(kPath).all_results(), 3u);
  EXPECT_EQ(comparison.wrong().at(2).at(kPath).all_results(), 1u);
}

TEST(SmComparison, WhoFindsWhatIsExpectedConvictsTheOthersHoweverTheyAgree) {
  LaunchResult launch = right_launch(6);
  for (const std::size_t block : {0, 1, 2}) launch.blocks[block].threads[0].hash = 1;
  const Comparison comparison = compared(launch, right_hashes());
  EXPECT_EQ(comparison.wrong().size(), 3u);
  EXPECT_TRUE(comparison.unexpected().empty());
}

TEST(SmComparison, WhereMostAreWrongNoneIsAccused) {
  for (const bool with_expectation : {false, true}) {
    LaunchResult launch = right_launch(5);
    for (const std::size_t block : {0, 1, 2}) launch.blocks[block].threads[0].hash = block;
    const Comparison comparison =
        compared(launch, with_expectation ? right_hashes() : std::vector<std::uint64_t>{});
    EXPECT_TRUE(comparison.wrong().empty());
    EXPECT_EQ(comparison.unexpected(), std::set<Datapath>{kPath});
  }
  LaunchResult unsteady = right_launch(5);
  for (BlockResult& block : unsteady.blocks) block.threads[3].wrong_rounds = 1;
  EXPECT_TRUE(compared(unsteady, right_hashes()).wrong().empty());
  EXPECT_EQ(compared(unsteady, right_hashes()).unexpected(), std::set<Datapath>{kPath});
}

TEST(SmComparison, WhatNoSmFindsIsNoSingleSmsFault) {
  LaunchResult launch = right_launch(5);
  for (BlockResult& block : launch.blocks) block.threads[0].hash = 1;
  const Comparison comparison = compared(launch, right_hashes());
  EXPECT_TRUE(comparison.wrong().empty());
  EXPECT_EQ(comparison.unexpected(), std::set<Datapath>{kPath});
}

TEST(SmComparison, ALaterLaunchIsHeldAgainstTheFirst) {
  Comparison comparison = compared(right_launch(5));
  LaunchResult later = right_launch(5);
  for (const std::size_t block : {0, 1}) later.blocks[block].threads[0].hash = 1;
  comparison.add(kPath, Data::random, 1, kRounds, later, {});
  EXPECT_EQ(comparison.wrong().size(), 2u);
  for (BlockResult& block : later.blocks) block.threads[0].hash = 1;
  comparison.add(kPath, Data::random, 1, kRounds, later, {});
  EXPECT_EQ(comparison.unexpected(), std::set<Datapath>{kPath});
}

TEST(SmComparison, ABlockThatMovedSaysNothingOfAnySm) {
  LaunchResult launch = right_launch(3);
  launch.blocks[1].threads[9].sm_at_end = 2;
  launch.blocks[1].threads[9].hash = 1;
  const Comparison comparison = compared(launch);
  EXPECT_TRUE(comparison.wrong().empty());
  EXPECT_EQ(comparison.sms(kPath, Data::random, 1), 2u);
  EXPECT_EQ(comparison.unexpected(), std::set<Datapath>{kPath}) << "but it is no pass";
}

TEST(SmComparison, ABlockThatMovedAndIsRightIsNoFault) {
  LaunchResult launch = right_launch(3);
  launch.blocks[1].threads[9].sm_at_end = 2;
  EXPECT_TRUE(compared(launch).unexpected().empty());
}

TEST(SmComparison, HalfAgainstHalfAccusesNoneWhereNothingSaysWhoIsRight) {
  LaunchResult launch = right_launch(4);
  for (const std::size_t block : {0, 1}) launch.blocks[block].threads[0].hash = 1;
  EXPECT_TRUE(compared(launch).wrong().empty());
  EXPECT_EQ(compared(launch).unexpected(), std::set<Datapath>{kPath});
  EXPECT_EQ(compared(launch, right_hashes()).wrong().size(), 2u);
}

TEST(SmComparison, AnSmCountsOnceItHasDoneAllWork) {
  Comparison comparison = compared(right_launch(3));
  comparison.add(Datapath::fp32, Data::exact, 1, kRounds, right_launch(2), {});
  EXPECT_EQ(comparison.sms_of_all(), 2u);
  EXPECT_EQ(comparison.paths(), 2u);
}

TEST(SmComparison, TheDigestIsOfWhatMostFound) {
  LaunchResult launch = right_launch(5);
  launch.blocks[0].threads[0].hash = 1;
  EXPECT_EQ(compared(launch).digest(), compared(right_launch(5)).digest());
  for (BlockResult& block : launch.blocks) block.threads[0].hash = 1;
  EXPECT_NE(compared(launch).digest(), compared(right_launch(5)).digest());
}

TEST(SmCulprit, NamesRegisterBankAndBit) {
  WrongSm wrong;
  wrong[Datapath::registers] = {{0, 5, 0, 0}, 1u << 5, {17}};
  EXPECT_EQ(culprit_of(wrong), "registers of sub-partition 1: held value 17, bit 5");
  wrong.clear();
  wrong[Datapath::shared] = {{1, 1, 1, 1}, 1u << 7, {13, 45, 77}};
  EXPECT_EQ(culprit_of(wrong), "shared: bank 13, bit 7");
  wrong.clear();
  for (const Datapath path : {Datapath::fp32, Datapath::fp64, Datapath::fp16, Datapath::integer})
    wrong[path] = {{1, 1, 0, 0}, 0, {}};
  EXPECT_EQ(culprit_of(wrong),
            "fp32 of sub-partitions 0, 1; fp64 of sub-partitions 0, 1; fp16 of sub-partitions 0, 1; 1 more "
            "datapaths");
}

}  // namespace
}  // namespace assay::compute
