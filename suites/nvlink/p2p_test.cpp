// nvlink.p2p and nvlink.all_to_all on four simulated GPUs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

using testing::HasSubstr;

struct Pairs : CheckOnSimulatedGpu {
  Pairs() {
    state_->plant.launch_noise = 0;
    state_->gpu_count = 0;
    for (int slot = 0; slot < 4; ++slot) {
      add_gpu(slot, true);
      sim::set_text(state_->constants[slot].pci_address, fmt::format("0000:1{}:00.0", slot));
    }
  }
  void run(const char* name) {
    collector.emplace(check(name), state_, 0.0);
    check(name).run(*collector);
  }
  double value(const std::string& key) const { return collector->values.at(key); }
  std::optional<Collector> collector;
};

struct NvlinkP2p : Pairs {
  void run() { Pairs::run("nvlink.p2p"); }
};
struct NvlinkAllToAll : Pairs {
  void run() { Pairs::run("nvlink.all_to_all"); }
};

TEST_F(NvlinkP2p, EveryPairHasTheRateOfItsLinksInEveryWay) {
  run();
  for (const char* pair : {"gpu0-gpu1", "gpu0-gpu3", "gpu2-gpu3"}) {
    const std::string part = std::string(pair) + "/";
    EXPECT_NEAR(value(part + "copies"), 393, 4);
    EXPECT_NEAR(value(part + "both_ways"), 790, 6);
    EXPECT_NEAR(value(part + "stores"), 392, 4);
    EXPECT_NEAR(value(part + "loads"), 392, 4);
    EXPECT_NEAR(value(part + "latency"), 0.83, 0.01);
    EXPECT_EQ(value(part + "peer_access"), 1);
    EXPECT_EQ(value(part + "wrong_words"), 0);
  }
  EXPECT_NEAR(value("gpu2/copies_of_gpu"), 393, 4);
  EXPECT_EQ(value("gpu2/wrong_with"), 0);
  EXPECT_NEAR(value("node/copies_of_all"), 393, 4);
  EXPECT_NEAR(value("node/loads_of_all"), 392, 4);
  EXPECT_EQ(collector->values.size(), 6u * 7 + 4 * 6 + 5);
  EXPECT_EQ(collector->last_progress, 1);
}

TEST_F(NvlinkP2p, TheMatricesAreKeptForPeopleAndForPrograms) {
  run();
  const nlohmann::json& pairs = collector->evidences.at("pairs");
  ASSERT_EQ(pairs.size(), 6u);
  EXPECT_EQ(pairs[0].at("of"), "copies");
  EXPECT_EQ(pairs[0].at("better"), "more");
  EXPECT_EQ(pairs[4].at("better"), "less");
  EXPECT_EQ(pairs[0].at("parts"), (std::vector<std::string>{"gpu0", "gpu1", "gpu2", "gpu3"}));
  EXPECT_TRUE(pairs[0].at("rows")[2][2].is_null());
  EXPECT_GT(pairs[0].at("rows")[2][3].get<double>(), 300);
  const std::string& table = collector->attached.at("pairs.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 13) << table;
  EXPECT_THAT(table, HasSubstr("from,to,copies (GB/s),both_ways (GB/s)"));
}

TEST_F(NvlinkP2p, ASlowGpuIsSlowWithMostAndItsPeersAreNot) {
  plant("nvlink_gpu_slow", {{"factor", 0.5}}, {}, 2);
  run();
  EXPECT_NEAR(value("gpu2/copies_of_gpu"), 197, 3);
  EXPECT_NEAR(value("gpu1/copies_of_gpu"), 393, 4);
  EXPECT_NEAR(value("gpu1-gpu2/copies"), 197, 3);
  EXPECT_NEAR(value("gpu0-gpu1/copies"), 393, 4);
}

TEST_F(NvlinkP2p, ASlowPairMakesNeitherOfItsGpusSlow) {
  plant("nvlink_pair_slow", {{"peer", 3}, {"factor", 0.5}}, {}, 1);
  run();
  EXPECT_NEAR(value("gpu1-gpu3/copies"), 197, 3);
  EXPECT_NEAR(value("gpu1-gpu3/stores"), 197, 3);
  for (const char* gpu : {"gpu0", "gpu1", "gpu2", "gpu3"})
    EXPECT_NEAR(value(std::string(gpu) + "/copies_of_gpu"), 393, 4) << gpu;
}

TEST_F(NvlinkP2p, HalfOfTheGpusBeingSlowIsNotAllOfThem) {
  for (const int slot : {0, 1}) plant("nvlink_gpu_slow", {{"factor", 0.5}}, {}, slot);
  run();
  EXPECT_NEAR(value("gpu0/copies_of_gpu"), 197, 3);
  EXPECT_NEAR(value("gpu2/copies_of_gpu"), 393, 4);
  EXPECT_NEAR(value("node/copies_of_all"), 393, 4);
}

TEST_F(NvlinkP2p, OfTwoGpusNobodyCanTellWhichIsSlow) {
  state_->gpu_count = 2;
  plant("nvlink_pair_slow", {{"peer", 1}, {"factor", 0.5}}, {}, 0);
  run();
  EXPECT_NEAR(value("gpu0-gpu1/copies"), 197, 3);
  EXPECT_EQ(collector->values.count("gpu0/copies_of_gpu") + collector->values.count("node/copies_of_all"),
            0u);
}

TEST_F(NvlinkP2p, WhatArrivedWrongBeforeADeviceGaveUpStands) {
  plant("nvlink_pair_corrupts", {{"peer", 1}, {"every", 3}, {"bit", 100}}, {}, 0);
  plant("gpu_lost", {{"launch", 2}}, {}, 3);
  EXPECT_THROW(run(), DeviceError);
  EXPECT_GT(value("gpu0-gpu1/wrong_words"), 0);
  EXPECT_EQ(collector->values.count("gpu0-gpu2/wrong_words"), 0u);
}

TEST_F(NvlinkP2p, StoresAloneCanBeSlow) {
  plant("peer_stores_slow", {{"factor", 0.5}}, {}, 0);
  run();
  EXPECT_NEAR(value("gpu0/stores_of_gpu"), 197, 3);
  EXPECT_NEAR(value("gpu0/copies_of_gpu"), 393, 4);
  EXPECT_NEAR(value("gpu0/loads_of_gpu"), 392, 4);
  EXPECT_NEAR(value("gpu1/stores_of_gpu"), 392, 4) << "only what it receives from gpu0 is slow";
}

TEST_F(NvlinkP2p, WhatArrivesWrongBetweenTwoIsNamedWithEveryWayThatCarriedIt) {
  plant("nvlink_pair_corrupts", {{"peer", 2}, {"every", 3}, {"bit", 100}}, {}, 0);
  run();
  EXPECT_GT(value("gpu0-gpu2/wrong_words"), 0);
  EXPECT_THAT(collector->texts.at("gpu0-gpu2/culprit"),
              testing::AllOf(HasSubstr("from gpu0 to gpu2, by copies, copies both ways, loads, stores: "),
                             HasSubstr("bits 100"), HasSubstr("from gpu2 to gpu0")));
  EXPECT_EQ(value("gpu0-gpu1/wrong_words"), 0);
  EXPECT_EQ(value("gpu2/wrong_with"), 1);
}

TEST_F(NvlinkP2p, WhereTheDriverLetsNobodyInCopiesGoByTheHost) {
  state_->dynamic[1].peer_access_lost = 1;
  run();
  EXPECT_EQ(value("gpu0-gpu1/peer_access"), 0);
  EXPECT_NEAR(value("gpu0-gpu1/copies"), 54.9, 2);
  EXPECT_EQ(collector->values.count("gpu0-gpu1/stores"), 0u) << "nothing can go that way";
  EXPECT_EQ(value("gpu0-gpu1/wrong_words"), 0);
  EXPECT_GT(value("gpu0-gpu1/latency"), 4);
  EXPECT_EQ(value("gpu0-gpu2/peer_access"), 1);
}

TEST_F(NvlinkAllToAll, TheLinksOfAGpuAreSharedByItsPeers) {
  run();
  EXPECT_NEAR(value("gpu0-gpu1/rate"), 132, 2);
  EXPECT_NEAR(value("gpu3/rate_of_gpu"), 396, 5);
  EXPECT_EQ(value("gpu0-gpu1/wrong_words"), 0);
  EXPECT_EQ(collector->evidences.at("pairs").size(), 1u);
}

TEST_F(NvlinkAllToAll, ASlowPairSlowsNoOther) {
  plant("nvlink_pair_slow", {{"peer", 3}, {"factor", 0.2}}, {}, 1);
  run();
  EXPECT_NEAR(value("gpu1-gpu3/rate"), 79.2, 1);
  EXPECT_NEAR(value("gpu0-gpu1/rate"), 132, 2);
}

TEST_F(NvlinkAllToAll, WhatArrivesWrongIsNamed) {
  plant("nvlink_pair_corrupts", {{"peer", 2}, {"every", 7}, {"bit", 3}}, {}, 0);
  run();
  EXPECT_GT(value("gpu0-gpu2/wrong_words"), 0);
  EXPECT_THAT(collector->texts.at("gpu0-gpu2/culprit"), HasSubstr("bits 3"));
  EXPECT_EQ(value("gpu1-gpu2/wrong_words"), 0);
}

TEST_F(NvlinkAllToAll, WhatArrivedWrongBeforeADeviceGaveUpStands) {
  plant("nvlink_pair_corrupts", {{"peer", 1}, {"every", 3}, {"bit", 100}}, {}, 0);
  plant("gpu_lost", {{"launch", 16}}, {}, 3);  // in the second of four rounds
  EXPECT_THROW(run(), DeviceError);
  EXPECT_GT(value("gpu0-gpu1/wrong_words"), 0);
  EXPECT_EQ(collector->values.count("gpu0-gpu2/wrong_words"), 0u);
}

TEST_F(NvlinkAllToAll, WhoCannotBeReachedGetsNothing) {
  state_->dynamic[1].peer_access_lost = 1;
  run();
  for (const char* none : {"gpu0-gpu1/rate", "gpu0-gpu1/wrong_words", "gpu1/rate_of_gpu"})
    EXPECT_EQ(collector->values.count(none), 0u) << none;
  EXPECT_NEAR(value("gpu0/rate_of_gpu"), 396, 5);
}

}  // namespace
}  // namespace assay
