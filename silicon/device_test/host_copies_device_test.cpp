// Copies between host and device: what was sent arrives, and what was damaged on the way is named on either
// side.
#include <gtest/gtest.h>

#include <vector>

#include "harness/node_real/pages.h"
#include "kernels/host_copies/host_copies.h"
#include "silicon/device_test/device_memory.h"

namespace assay::pcie {
namespace {

constexpr std::uint64_t kSmall = (1 << 20) + 16;  // not a multiple of what a grid takes at a time
constexpr std::size_t kSource = 0;                // the first thing that is allocated, on either side

/// Pages of this machine, kept in reach.
class HostInReach final : public Host {
 public:
  const HostFiles& files() const override { throw std::logic_error("copies read no files"); }
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    auto memory = allocate_pages(bytes, numa_node);
    words_.push_back(static_cast<Word128*>(memory->data()));
    return memory;
  }
  double memory_rate(int) override { throw std::logic_error("copies ask for no rate"); }
  Bmc& bmc() override { throw std::logic_error("copies ask no controller"); }
  void flip(std::size_t allocation, std::uint64_t word, Word128 bits) {
    using memory::operator^;
    words_.at(allocation)[word] = words_[allocation][word] ^ bits;
  }

 private:
  std::vector<Word128*> words_;
};

struct HostCopiesDeviceHalf : testing::Test {
  memory::GpuInReach gpu;
  HostInReach host;
  std::unique_ptr<HostCopies> copies = make_host_copies(gpu, host, kAnyNumaNode, kSmall, 9);
  const std::uint64_t last = kSmall / sizeof(Word128) - 1;
};

TEST_F(HostCopiesDeviceHalf, WhatWasSentArrives) {
  for (int i = 0; i < 3; ++i) {
    const ArrivedBad bad = copies->look();
    EXPECT_EQ(bad.on_device.count, 0u);
    EXPECT_EQ(bad.on_host.count, 0u);
  }
  EXPECT_EQ(copies->bytes(), kSmall);
}

TEST_F(HostCopiesDeviceHalf, CopiesOfEachWayTakeTime) {
  for (const Way way : {Way::to_device, Way::to_host, Way::both}) {
    copies->begin(way, 5);
    EXPECT_GT(copies->end(), 0);
  }
}

TEST_F(HostCopiesDeviceHalf, EveryBitThatTheHostSendsWrongIsNamedOnTheDevice) {
  for (int bit = 0; bit < 128; bit += 5) {
    const std::uint64_t word = bit == 0 ? last : static_cast<std::uint64_t>(bit) * 97 % last;
    const Word128 bits{bit < 64 ? std::uint64_t{1} << bit : 0, bit < 64 ? 0 : std::uint64_t{1} << (bit - 64)};
    host.flip(kSource, word, bits);
    const ArrivedBad bad = copies->look();
    EXPECT_EQ(bad.on_device.count, 1u) << bit;
    ASSERT_EQ(bad.on_device.first.size(), 1u) << bit;
    EXPECT_EQ(bad.on_device.first[0].index, word);
    using memory::operator^;
    EXPECT_EQ(bad.on_device.first[0].expected ^ bad.on_device.first[0].actual, bits);
    EXPECT_EQ(bad.on_host.count, 0u) << bit;
    host.flip(kSource, word, bits);
  }
}

TEST_F(HostCopiesDeviceHalf, WhatTheDeviceSendsWrongIsNamedOnTheHost) {
  for (const std::uint64_t word : {std::uint64_t{0}, std::uint64_t{4099}, last}) {
    gpu.flip(kSource, word, sizeof(Word128), 77);
    const ArrivedBad bad = copies->look();
    EXPECT_EQ(bad.on_host.count, 1u);
    ASSERT_EQ(bad.on_host.first.size(), 1u);
    EXPECT_EQ(bad.on_host.first[0].index, word);
    EXPECT_EQ(bad.on_device.count, 0u);
    gpu.flip(kSource, word, sizeof(Word128), 77);
  }
}

TEST_F(HostCopiesDeviceHalf, OfManyBadWordsAllAreCounted) {
  for (std::uint64_t word = 0; word < 300; ++word) {
    host.flip(kSource, word, {1, 0});
    gpu.flip(kSource, word, sizeof(Word128), 3);
  }
  const ArrivedBad bad = copies->look();
  EXPECT_EQ(bad.on_device.count, 300u);
  EXPECT_EQ(bad.on_host.count, 300u);
  EXPECT_EQ(bad.on_device.first.size(), 64u);
  EXPECT_EQ(bad.on_host.first.size(), 64u);
}

}  // namespace
}  // namespace assay::pcie
