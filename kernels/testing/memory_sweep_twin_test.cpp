// The sweep's twin, which a simulated node runs, reports what the kernel does, and leaves the same behind.
#include "kernels/memory_sweep_twin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <tuple>
#include <vector>

#include "kernels/memory_sweep.h"
#include "kernels/testing/emulated_device.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;
constexpr std::uint64_t kSizes[] = {1, 127, 129, 1000, 2049, 4999};

/// Bits of the memory's path that are wrong for some of its words, whoever reads them.
class BadPath : public cuda_emulation::FaultyMemory {
 public:
  using Wrong = std::function<Word128(std::uint64_t word)>;
  BadPath(const Word128* base, Wrong wrong) : base_(base), wrong_(std::move(wrong)) {
    testing_tools::emulated_device().planted = this;
  }
  ~BadPath() override { testing_tools::emulated_device().planted = nullptr; }
  BadPath(const BadPath&) = delete;
  BadPath& operator=(const BadPath&) = delete;

  Word128 load(const Word128* address) override {
    return *address ^ wrong_(static_cast<std::uint64_t>(address - base_));
  }
  void store(Word128* address, Word128 value) override { *address = value; }

 private:
  const Word128* base_;
  Wrong wrong_;
};

struct Outcome {
  SweepReport report{};
  std::vector<Word128> left;
  double bytes = 0;
};

using Make = std::function<std::unique_ptr<MemorySweep>(Gpu&, const std::vector<DeviceBuffer*>&)>;

Outcome sweep_with(const Make& make, std::uint64_t words, const BadPath::Wrong& wrong) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(words);
  const BadPath planted(static_cast<const Word128*>(buffer.device_pointer()), wrong);
  const auto sweep = make(*gpu, {&buffer});
  Outcome outcome;
  for (const Pass& pass : full_set(3, 0, kPageShift)) outcome.bytes += sweep->run(pass).bytes;
  outcome.report = sweep->report();
  outcome.left = buffer.download();
  return outcome;
}

/// In the order of the words: which of a pass are recorded first, warps decide by their turns.
std::vector<Miscompare> in_order(const SweepReport& report) {
  std::vector<Miscompare> list(report.miscompares, report.miscompares + report.recorded);
  std::sort(list.begin(), list.end(), [](const Miscompare& a, const Miscompare& b) {
    return std::tuple(a.pass, a.word) < std::tuple(b.pass, b.word);
  });
  return list;
}

void expect_same(const Outcome& kernel, const Outcome& twin) {
  EXPECT_EQ(kernel.bytes, twin.bytes);
  EXPECT_EQ(kernel.report.bad_words, twin.report.bad_words);
  EXPECT_EQ(kernel.report.bad_bits, twin.report.bad_bits);
  EXPECT_EQ(std::memcmp(kernel.report.per_bit, twin.report.per_bit, sizeof(twin.report.per_bit)), 0);
  for (int bits = 1; bits <= kBitsPerWord; ++bits)
    EXPECT_EQ(kernel.report.flipped_bits[bits], twin.report.flipped_bits[bits]) << bits;
  EXPECT_EQ(kernel.report.recorded, twin.report.recorded);
  EXPECT_EQ(kernel.left, twin.left);
}

const Make kKernel = [](Gpu& gpu, const std::vector<DeviceBuffer*>& region) {
  return ASSAY_TARGET::make_sweep_kernel(gpu, region, kPageShift);
};
const Make kTwin = [](Gpu&, const std::vector<DeviceBuffer*>& region) {
  return make_sweep_twin(region, kPageShift);
};

TEST(MemorySweepTwinDeviceHalf, DoesOnGoodMemoryWhatTheKernelDoes) {
  for (const std::uint64_t words : kSizes) {
    const auto good = [](std::uint64_t) { return Word128{0, 0}; };
    expect_same(sweep_with(kKernel, words, good), sweep_with(kTwin, words, good));
  }
}

TEST(MemorySweepTwinDeviceHalf, ReportsEachBadWordAsTheKernelDoes) {
  for (const std::uint64_t words : kSizes) {
    // One word: the list, which is not as long as a full set's reads of it, ends at the same one.
    const std::uint64_t bad = words / 2;
    const auto wrong = [&](std::uint64_t word) {
      return word == bad ? Word128{0x11, 1ULL << 63} : Word128{0, 0};
    };
    const Outcome kernel = sweep_with(kKernel, words, wrong), twin = sweep_with(kTwin, words, wrong);
    expect_same(kernel, twin);
    EXPECT_GT(twin.report.bad_words, 0u);
    const auto mine = in_order(kernel.report), its = in_order(twin.report);
    ASSERT_EQ(mine.size(), its.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      EXPECT_EQ(mine[i].pass, its[i].pass);
      EXPECT_EQ(mine[i].word, its[i].word);
      EXPECT_EQ(mine[i].byte_offset, its[i].byte_offset);
      EXPECT_EQ(mine[i].expected, its[i].expected);
      EXPECT_EQ(mine[i].actual, its[i].actual);
      EXPECT_EQ(mine[i].second_read, its[i].second_read);
      EXPECT_EQ(mine[i].held[0], its[i].held[0]);
      EXPECT_EQ(mine[i].held[1], its[i].held[1]);
    }
  }
}

TEST(MemorySweepTwinDeviceHalf, CountsABrokenWireAsTheKernelDoes) {
  for (const std::uint64_t words : kSizes) {
    const auto wrong = [](std::uint64_t word) { return Word128{word % 3 == 0 ? 4ULL : 0ULL, 0}; };
    expect_same(sweep_with(kKernel, words, wrong), sweep_with(kTwin, words, wrong));
  }
}

}  // namespace
}  // namespace assay::memory
