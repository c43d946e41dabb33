// Copies between GPUs: what was sent arrives, and what arrives damaged is named. On one card it is its own
// peer; the emulation has several devices.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/peer_copies/peer_copies.h"
#include "silicon/device_test/device_memory.h"

namespace assay::nvlink {
namespace {

constexpr std::uint64_t kSmall = (1 << 20) + 16;  // not a multiple of what a grid takes at a time

struct PeerCopiesDeviceHalf : testing::Test {
  memory::GpuInReach gpu;
  std::unique_ptr<PeerCopies> peers = make_peer_copies({&gpu, &gpu}, kSmall, 9);
};

TEST_F(PeerCopiesDeviceHalf, EveryEngineCarriesAllOfIt) {
  ASSERT_TRUE(peers->reaches(0, 1));
  for (const Engine engine : {Engine::copies, Engine::stores, Engine::loads}) {
    for (int again = 0; again < 2; ++again) {
      const Passage passage = peers->one_way(engine, 0, 1);
      EXPECT_EQ(passage.arrived_bad.count, 0u) << static_cast<int>(engine);
      EXPECT_GT(passage.seconds, 0);
      EXPECT_EQ(passage.bytes, kSmall);
    }
  }
}

TEST_F(PeerCopiesDeviceHalf, BothWaysAndAllAtOnceArriveToo) {
  EXPECT_EQ(peers->both_ways(0, 1, 3).arrived_bad.count, 0u);
  const auto all = peers->all_at_once(3);
  ASSERT_EQ(all.size(), 2u);
  for (const Passage& passage : all) {
    EXPECT_EQ(passage.arrived_bad.count, 0u);
    EXPECT_EQ(passage.bytes, 3 * bytes_of_each(kSmall, 2));
    EXPECT_GT(passage.seconds, 0);
  }
}

TEST_F(PeerCopiesDeviceHalf, LoadsThatWaitForOneAnotherBringWhatLiesThere) {
  for (int again = 0; again < 3; ++again) {
    const RoundTrip trip = peers->round_trip(0, 1, 1000);
    EXPECT_EQ(trip.wrong_words, 0u);
    EXPECT_GT(trip.seconds, 0);
  }
}

}  // namespace
}  // namespace assay::nvlink
