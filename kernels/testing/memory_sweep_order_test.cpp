// In which order the sweep's kernel comes to the memory. Only the emulation sees every access.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "kernels/memory_sweep.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;
constexpr std::uint64_t kPageWords = 1 << kPageShift;
constexpr std::uint64_t kWords = 5 * kPageWords + 130;

/// Holds each lane to the march order of the rows of its page: what the lanes do among themselves has no
/// order.
class MarchOrder : public cuda_emulation::FaultyMemory {
 public:
  MarchOrder(const Word128* base, bool descending) : base_(base), descending_(descending) {
    testing_tools::emulated_device().planted = this;
  }
  ~MarchOrder() override { testing_tools::emulated_device().planted = nullptr; }

  Word128 load(const Word128* address) override {
    note(address, loads_, loaded);
    return *address;
  }
  void store(Word128* address, Word128 value) override {
    note(address, stores_, stored);
    *address = value;
  }

  int loaded = 0, stored = 0, out_of_order = 0;

 private:
  using LaneOfPage = std::pair<std::uint64_t, std::uint64_t>;

  void note(const Word128* address, std::map<LaneOfPage, std::uint64_t>& last, int& count) {
    const auto word = static_cast<std::uint64_t>(address - base_);
    const std::uint64_t row = word / kLanes;
    const auto [before, first] = last.try_emplace({word / kPageWords, word % kLanes}, row);
    if (!first) out_of_order += descending_ ? row >= before->second : row <= before->second;
    before->second = row;
    ++count;
  }

  const Word128* base_;
  bool descending_;
  std::map<LaneOfPage, std::uint64_t> loads_, stores_;
};

TEST(MemorySweepDeviceHalf, LoadsAndStoresTheRowsOfAPageInMarchOrder) {
#if defined(ASSAY_THREAD_SANITIZER)
  GTEST_SKIP() << "device threads meet in the test's own notes";
#endif
  const auto gpu = test_gpu();
  RimmedBuffer buffer(kWords);
  for (const bool descending : {false, true}) {
    const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
    sweep->run({own_address(false), false, false, true, ""});
    MarchOrder order(static_cast<const Word128*>(buffer.device_pointer()), descending);
    sweep->run({own_address(false), descending, true, true, ""});
    EXPECT_EQ(order.loaded, static_cast<int>(kWords));
    EXPECT_EQ(order.stored, static_cast<int>(kWords));
    EXPECT_EQ(order.out_of_order, 0) << descending;
  }
}

}  // namespace
}  // namespace assay::memory
