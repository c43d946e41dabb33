// Loads from the host's memory that wait for one another, and copies as small as a flag.
#include <gtest/gtest.h>

#include "harness/node_real/pages.h"
#include "kernels/round_trips/round_trips.h"
#include "silicon/device_test/device_memory.h"

namespace assay::latency {
namespace {

class HostInReach final : public Host {
 public:
  const HostFiles& files() const override { throw std::logic_error("round trips read no files"); }
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    auto memory = allocate_pages(bytes, numa_node);
    if (first == nullptr) first = static_cast<Word128*>(memory->data());
    return memory;
  }
  double memory_rate(int) override { throw std::logic_error("round trips ask for no rate"); }
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

TEST_F(RoundTripsDeviceHalf, AWordThatIsNotTheChainsIsCounted) {
  host.first->high ^= 4;  // of the first place
  trips->load(4096);      // once round
  EXPECT_EQ(trips->wrong_words(), 1u);
}

}  // namespace
}  // namespace assay::latency
