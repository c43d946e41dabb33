// Loads from the host's memory that wait for one another, and copies as small as a flag.
#include <gtest/gtest.h>

#include "harness/node_real/pages.h"
#include "kernels/round_trips/round_trips.h"
#include "silicon/device_test/device_memory.h"

namespace assay::latency {
namespace {

using memory::kLineWords;

class HostInReach final : public Host {
 public:
  const HostFiles& files() const override { throw std::logic_error("round trips read no files"); }
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    auto memory = allocate_pages(bytes, numa_node);
    if (first == nullptr) first = static_cast<Word128*>(memory->data());
    return memory;
  }
  double memory_rate(int) override { throw std::logic_error("round trips ask for no rate"); }
  Bmc& bmc() override { throw std::logic_error("round trips ask no controller"); }
  Word128* first = nullptr;  // of the chain
};

struct RoundTripsDeviceHalf : testing::Test {
  memory::GpuInReach gpu;
  HostInReach host;
  std::unique_ptr<HostRoundTrips> trips = make_host_round_trips(gpu, host, kAnyNumaNode, 9);
};

TEST_F(RoundTripsDeviceHalf, TakeTimeAndBringWhatLiesThere) {
  EXPECT_GT(trips->load(5000), 0);  // more than once round
  EXPECT_GT(trips->load(32), 0);
  for (int again = 0; again < 3; ++again) {
    EXPECT_GT(trips->copy_to_device(), 0);
    EXPECT_GT(trips->copy_to_host(), 0);
  }
  EXPECT_EQ(trips->wrong_words(), 0u);
}

TEST_F(RoundTripsDeviceHalf, AWordThatIsNotTheChainsIsCountedEachTimeItIsMet) {
  host.first[7 * kLineWords].high ^= 4;  // of the eighth place
  trips->load(4096);                     // once round
  EXPECT_EQ(trips->wrong_words(), 1u);
  host.first[99 * kLineWords].high ^= 1;
  for (int part = 0; part < 64; ++part) trips->load(64);
  EXPECT_EQ(trips->wrong_words(), 3u);
}

/// A place that leads elsewhere with a check of its own is no mistake of the word's: all places are met once
/// in a round.
TEST_F(RoundTripsDeviceHalf, OneRoundMeetsEveryPlaceOnce) {
  for (std::size_t place = 0; place < 4096; ++place) host.first[place * kLineWords].high ^= 1;
  trips->load(4096);
  EXPECT_EQ(trips->wrong_words(), 4096u);
  for (std::size_t place = 0; place < 4096; place += 2) host.first[place * kLineWords].high ^= 1;
  trips->load(4096);
  EXPECT_EQ(trips->wrong_words(), 4096u + 2048u);
}

}  // namespace
}  // namespace assay::latency
