// What the sweep's second read tells apart, on memory with a cache in front of it. Only the emulation can
// plant that.
#include <gtest/gtest.h>

#include <atomic>

#include "kernels/memory_sweep.h"
#include "kernels/sweep_region.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;
constexpr std::uint64_t kWords = 20'000;

/// A cache that holds one bad copy of a word, until it has been turned over by reads of others.
class BadCopyInTheCache : public cuda_emulation::FaultyMemory {
 public:
  BadCopyInTheCache(const Word128* region, std::uint64_t bad)
      : region_(region), bad_(region + bad), line_(region + bad / kLineWords * kLineWords) {
    testing_tools::emulated_device().planted = this;
  }
  ~BadCopyInTheCache() override { testing_tools::emulated_device().planted = nullptr; }

  Word128 load(const Word128* address) override {
    if (address < region_ || address >= region_ + kWords) ++outside_;
    if (address != bad_) {
      read_since_ += reads_ > 0 ? 1 : 0;
      return *address;
    }
    ++reads_;
    const std::uint64_t cache_words = testing_tools::emulated_device().l2_bytes() / sizeof(Word128);
    return read_since_ >= cache_words ? *address : *address ^ Word128 { 0, 4 };
  }
  void store(Word128* address, Word128 value) override {
    const bool in_its_line = address >= line_ && address < line_ + kLineWords;
    if (in_its_line && reads_ < 2) ++stored_early_;
    *address = value;
  }
  /// Stores to its line before the second read: they would bring the bad copy to the memory.
  int stored_early() const { return stored_early_; }
  /// Loads from anywhere else than the region.
  int outside() const { return outside_; }

 private:
  const Word128 *region_, *bad_, *line_;
  std::atomic<int> stored_early_ = 0, outside_ = 0;
  // Device threads come here in no order.
  std::atomic<int> reads_ = 0;
  std::atomic<std::uint64_t> read_since_ = 0;
};

/// What pushes the cache out is read from the half of the region that the word is not in.
class SecondReadDeviceHalf : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SecondReadDeviceHalf, ComesFromTheMemoryAndTellsABadReadFromABadCell) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(kWords);
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  const BadCopyInTheCache planted(static_cast<const Word128*>(buffer.device_pointer()), GetParam());
  sweep->run({own_address(false), false, true, true, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  const Miscompare& bad = report.miscompares[0];
  EXPECT_EQ(bad.word, GetParam());
  EXPECT_NE(bad.actual, bad.expected);
  EXPECT_EQ(bad.second_read, bad.expected) << "the read was bad, not the cell";
  EXPECT_EQ(planted.stored_early(), 0);
  EXPECT_EQ(planted.outside(), 0);
  const auto left = buffer.download();
  for (std::uint64_t word = 0; word < kWords; ++word)
    ASSERT_EQ(left[word].low, ~word) << "the pass's writes were made up for";
}

INSTANTIATE_TEST_SUITE_P(Halves, SecondReadDeviceHalf, testing::Values(399, 15'003));

}  // namespace
}  // namespace assay::memory
