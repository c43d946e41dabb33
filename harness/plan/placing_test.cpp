#include "harness/plan/placing.h"

#include <gtest/gtest.h>

#include <set>

namespace assay {
namespace {

class RoundsOfPairs : public testing::TestWithParam<int> {};

TEST_P(RoundsOfPairs, BringEachPairTogetherOnceAndNobodyTwiceInARound) {
  const int n = GetParam();
  const auto rounds = rounds_of_pairs(n);
  EXPECT_EQ(rounds.size(), static_cast<std::size_t>(n <= 1 ? 0 : n - 1 + n % 2)) << n;
  std::set<std::pair<int, int>> met;
  for (const auto& round : rounds) {
    std::set<int> seated;
    for (const auto& [a, b] : round) {
      EXPECT_LT(a, b);
      EXPECT_TRUE(seated.insert(a).second && seated.insert(b).second);
      EXPECT_TRUE(met.emplace(a, b).second);
    }
  }
  EXPECT_EQ(met.size(), static_cast<std::size_t>(n * (n - 1) / 2));
}

INSTANTIATE_TEST_SUITE_P(UpToABaseboard, RoundsOfPairs, testing::Range(0, 9));

const std::vector<Part> kGpus{"gpu0", "gpu1", "gpu5"};

TEST(Place, GpusAllAtOnceOrOneAfterAnother) {
  const auto together = place(Scope::gpu, kGpus), serial = place(Scope::gpu_serial, kGpus);
  ASSERT_EQ(together.size(), 1u);
  EXPECT_EQ(together[0].size(), 3u);
  EXPECT_EQ(serial.size(), 3u);
  EXPECT_EQ(serial[2][0].part, "gpu5");
  EXPECT_EQ(gpus_of(serial[2][0]), std::vector<Part>{"gpu5"});
}

TEST(Place, RanksAreProcessesOfOnePlacementAndPairsOneProcessOfTwoDevices) {
  const auto ranks = place(Scope::ranks, kGpus), pairs = place(Scope::pair, kGpus);
  ASSERT_EQ(ranks.size(), 1u);
  ASSERT_EQ(ranks[0].size(), 1u);
  EXPECT_EQ(ranks[0][0].part, "node");
  EXPECT_EQ(ranks[0][0].participants.size(), 3u);
  EXPECT_EQ(gpus_of(ranks[0][0]), kGpus);
  ASSERT_EQ(pairs.size(), 3u);
  std::set<Part> parts;
  for (const auto& round : pairs) {
    for (const Placement& placement : round) {
      parts.insert(placement.part);
      ASSERT_EQ(placement.participants.size(), 1u);
      EXPECT_EQ(placement.participants[0].devices.size(), 2u);
    }
  }
  EXPECT_EQ(parts, (std::set<Part>{"gpu0-gpu1", "gpu0-gpu5", "gpu1-gpu5"}));
}

TEST(Place, AllGpusAreOneProcessOfAllDevicesAndForPairsThereAreTwo) {
  for (const Scope scope : {Scope::all_gpus, Scope::all_pairs}) {
    const auto stages = place(scope, kGpus);
    ASSERT_EQ(stages.size(), 1u);
    ASSERT_EQ(stages[0].size(), 1u);
    EXPECT_EQ(stages[0][0].part, "node");
    ASSERT_EQ(stages[0][0].participants.size(), 1u);
    EXPECT_EQ(stages[0][0].participants[0].devices, kGpus);
  }
  EXPECT_EQ(place(Scope::all_gpus, {"gpu3"}).size(), 1u);
}

TEST(Place, WithoutGpusThereIsOnlyTheNode) {
  EXPECT_EQ(place(Scope::node, {}).size(), 1u);
  for (const Scope scope :
       {Scope::gpu, Scope::gpu_serial, Scope::pair, Scope::ranks, Scope::all_gpus, Scope::all_pairs})
    EXPECT_TRUE(place(scope, {}).empty());
  for (const Scope scope : {Scope::pair, Scope::all_pairs}) EXPECT_TRUE(place(scope, {"gpu0"}).empty());
}

TEST(Place, SeveralRanksOnEachGpu) {
  const auto stages = place(Scope::ranks, {"gpu0", "gpu5"}, 2);
  ASSERT_EQ(stages.size(), 1u);
  std::vector<std::vector<Part>> devices;
  for (const Participant& participant : stages[0][0].participants) devices.push_back(participant.devices);
  EXPECT_EQ(devices, (std::vector<std::vector<Part>>{{"gpu0"}, {"gpu0"}, {"gpu5"}, {"gpu5"}}));
  for (const Scope scope : {Scope::gpu, Scope::gpu_serial, Scope::pair, Scope::all_gpus}) {
    for (const auto& stage : place(scope, kGpus, 2)) {
      for (const Placement& placement : stage) EXPECT_EQ(placement.participants.size(), 1u);
    }
  }
}

}  // namespace
}  // namespace assay
