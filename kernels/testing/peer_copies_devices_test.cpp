// Copies, stores and loads between several emulated devices: each byte is looked at by the one that received
// it.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"
#include "kernels/peer_copies/peer_copies.h"

namespace assay::nvlink {
namespace {

constexpr std::uint64_t kSmall = (1 << 18) + 16;
constexpr Engine kEngines[] = {Engine::copies, Engine::stores, Engine::loads};

struct PeerCopiesOfSeveral : testing::Test {
  PeerCopiesOfSeveral() {
    for (const char* address : {"0000:2a:00.0", "0000:2b:00.0", "0000:2c:00.0"}) {
      devices.push_back(std::make_unique<cuda_emulation::PlainDevice>(64 << 20, address));
      gpus.push_back(cuda_emulation::open_emulated_gpu(address));
      pointers.push_back(gpus.back().get());
    }
  }
  ~PeerCopiesOfSeveral() override {
    peers.reset();
    gpus.clear();
    devices.clear();
    cuda_emulation::cudaSetDevice(0);
  }
  PeerCopies& all() {
    if (peers == nullptr) peers = make_peer_copies(pointers, kSmall, 9);
    return *peers;
  }
  std::vector<std::unique_ptr<cuda_emulation::PlainDevice>> devices;
  std::vector<std::unique_ptr<Gpu>> gpus;
  std::vector<Gpu*> pointers;
  std::unique_ptr<PeerCopies> peers;
};

TEST_F(PeerCopiesOfSeveral, EveryEngineCarriesAllOfItBetweenAnyTwo) {
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t to = 0; to < 3; ++to) {
      EXPECT_EQ(all().reaches(from, to), from != to);
      if (from == to) continue;
      for (const Engine engine : kEngines) {
        const Passage passage = all().one_way(engine, from, to);
        EXPECT_EQ(passage.arrived_bad.count, 0u) << from << " to " << to;
        EXPECT_GT(passage.seconds, 0);
      }
      EXPECT_EQ(all().round_trip(from, to, 100).wrong_words, 0u);
    }
  }
}

TEST_F(PeerCopiesOfSeveral, BothWaysAndAllAtOnce) {
  EXPECT_EQ(all().both_ways(0, 2, 2).arrived_bad.count, 0u);
  const auto passages = all().all_at_once(2);
  ASSERT_EQ(passages.size(), 6u);
  for (const Passage& passage : passages) {
    EXPECT_EQ(passage.arrived_bad.count, 0u) << passage.from << " to " << passage.to;
    EXPECT_EQ(passage.bytes, 2 * bytes_of_each(kSmall, 3));
    EXPECT_GT(passage.seconds, 0);
  }
}

/// Changes what is stored to the first word of this memory.
class Damaged final : public cuda_emulation::FaultyMemory {
 public:
  explicit Damaged(const void* memory) : first_(memory) {}
  Word128 load(const Word128* address) override { return *address; }
  void store(Word128* address, Word128 value) override {
    if (address == first_) value.high ^= 1ULL << 40;
    *address = value;
  }

 private:
  const void* first_;
};

TEST_F(PeerCopiesOfSeveral, AStoreThatArrivesDamagedIsFoundByItsReceiver) {
  all();
  // Of what it has, one is what it receives into.
  std::vector<void*> large;
  for (const auto& [memory, bytes] : devices[1]->allocations) {
    if (bytes == kSmall) large.push_back(memory);
  }
  ASSERT_EQ(large.size(), 2u);
  for (void* memory : large) {
    Damaged damaged(memory);
    devices[0]->planted = &damaged;
    const Passage passage = all().one_way(Engine::stores, 0, 1);
    devices[0]->planted = nullptr;
    if (passage.arrived_bad.count == 0) continue;
    EXPECT_EQ(passage.arrived_bad.count, 1u);
    ASSERT_EQ(passage.arrived_bad.first.size(), 1u);
    EXPECT_EQ(passage.arrived_bad.first[0].expected.high ^ passage.arrived_bad.first[0].actual.high,
              1ULL << 40);
    return;
  }
  FAIL() << "no damage was found";
}

TEST_F(PeerCopiesOfSeveral, WhereTheDriverLetsNobodyInOnlyCopiesGo) {
  for (const auto& device : devices) device->lets_peers_in = false;
  EXPECT_FALSE(all().reaches(0, 1));
  EXPECT_EQ(all().one_way(Engine::copies, 0, 1).arrived_bad.count, 0u);
  EXPECT_EQ(all().round_trip(0, 1, 100).wrong_words, 0u);
  EXPECT_TRUE(all().all_at_once(1).empty());
}

}  // namespace
}  // namespace assay::nvlink
