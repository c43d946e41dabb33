// What the sweep's second read tells apart, on memory with a cache in front of it. Only the emulation can
// plant that.
#include <gtest/gtest.h>

#include <atomic>

#include "kernels/memory_sweep.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;
constexpr std::uint64_t kWords = 20'000, kBad = 399;

/// A cache that holds one bad copy of a word, until it has been turned over by reads of others.
class BadCopyInTheCache : public cuda_emulation::FaultyMemory {
 public:
  explicit BadCopyInTheCache(const Word128* bad) : bad_(bad) {
    testing_tools::emulated_device().planted = this;
  }
  ~BadCopyInTheCache() override { testing_tools::emulated_device().planted = nullptr; }

  Word128 load(const Word128* address) override {
    if (address != bad_) {
      read_since_ += was_read_ ? 1 : 0;
      return *address;
    }
    was_read_ = true;
    const std::uint64_t cache_words = testing_tools::emulated_device().l2_bytes() / sizeof(Word128);
    return read_since_ >= cache_words ? *address : *address ^ Word128 { 0, 4 };
  }
  void store(Word128* address, Word128 value) override { *address = value; }

 private:
  const Word128* bad_;
  // Device threads come here in no order.
  std::atomic<bool> was_read_ = false;
  std::atomic<std::uint64_t> read_since_ = 0;
};

TEST(MemorySweepDeviceHalf, ASecondReadComesFromTheMemoryAndTellsABadReadFromABadCell) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(kWords);
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  const BadCopyInTheCache planted(static_cast<const Word128*>(buffer.device_pointer()) + kBad);
  sweep->run({own_address(false), false, true, true, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  const Miscompare& bad = report.miscompares[0];
  EXPECT_EQ(bad.word, kBad);
  EXPECT_NE(bad.actual, bad.expected);
  EXPECT_EQ(bad.second_read, bad.expected) << "the read was bad, not the cell";
  EXPECT_EQ(buffer.download()[kBad].low, ~kBad) << "the pass's write was made up for";
}

}  // namespace
}  // namespace assay::memory
