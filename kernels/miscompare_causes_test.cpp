#include "kernels/miscompare_causes.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "harness/testing/plain_gpu.h"
#include "kernels/coverage/memory_fault_models.h"

namespace assay::memory {
namespace {

using testing_tools::PlainGpu;
using testing_tools::WatchedMemory;

constexpr int kCausePageShift = 8;
constexpr std::uint64_t kWords = 600;

struct Swept {
  SweepReport report{};
  std::vector<Pass> passes = full_set(5, 0, kCausePageShift);

  explicit Swept(PlainGpu& gpu, DeviceBuffer& buffer) {
    const auto sweep = make_memory_sweep(*gpu, {&buffer}, kCausePageShift);
    for (const Pass& pass : passes) sweep->run(pass);
    report = sweep->report();
  }
  CausesOfReport causes() const { return causes_of(report, passes); }
  std::string who() const { return culprit(report, causes()); }
};

Swept with_fault(const ModelFault& fault) {
  PlainGpu gpu;
  const auto buffer = gpu->allocate(kWords * sizeof(Word128));
  FaultyCells cells(testing_tools::words_of(*buffer), kWords, fault, false);
  gpu.device.planted = &cells;
  return Swept(gpu, *buffer);
}

Swept reading(const std::function<Word128(std::uint64_t word, Word128 value)>& loads) {
  PlainGpu gpu;
  const auto buffer = gpu->allocate(kWords * sizeof(Word128));
  WatchedMemory memory{gpu.device, *buffer};
  memory.loads = loads;
  return Swept(gpu, *buffer);
}

TEST(MiscompareCauses, ACellThatDoesNotHoldWhatIsWrittenIsBad) {
  for (const FaultModel model : {FaultModel::stuck_at, FaultModel::transition}) {
    const Swept swept = with_fault({model, {0x123, 77}, {0, 0}, true, false});
    ASSERT_GT(swept.report.recorded, 10u);
    EXPECT_EQ(swept.causes().words,
              (std::map<Cause, int>{{Cause::bad_cell, static_cast<int>(swept.report.recorded)}}));
    EXPECT_EQ(swept.who(), "a cell: word 0x123 of the region, bit 77");
  }
}

TEST(MiscompareCauses, ACellThatANeighbourDisturbsHoldsWhatIsWrittenAnew) {
  const Swept swept = with_fault({FaultModel::inversion, {0x80, 5}, {0x100, 5}, false, true});
  ASSERT_GT(swept.report.recorded, 0u);
  EXPECT_EQ(swept.causes().words.count(Cause::bad_cell), 0u);
  EXPECT_EQ(swept.who(),
            "a cell that lost its value once, or is disturbed by others: word 0x80 of the region, bit 5");
}

TEST(MiscompareCauses, AnAddressThatReachesAnothersCellIsTold) {
  const Swept swept = with_fault({FaultModel::address_alias, {0x40, 0}, {0x140, 0}, false, false});
  ASSERT_GT(swept.causes().words[Cause::wrong_address], 0);
  EXPECT_EQ(swept.causes().address_bit, 8);
  EXPECT_EQ(swept.who(), "bit 8 of the word's address");
}

TEST(MiscompareCauses, AnAddressFarAwayIsToldByTheAddressThatItHolds) {
  const Swept swept = with_fault({FaultModel::address_alias, {0x41, 0}, {0x17e, 0}, false, false});
  ASSERT_GT(swept.causes().words[Cause::wrong_address], 0);
  EXPECT_EQ(swept.causes().address_bit, std::nullopt);
  EXPECT_EQ(swept.who(), "addresses: words hold what others were to hold");
}

TEST(MiscompareCauses, AWireIsSeenByManyWords) {
  const Swept swept = reading([](std::uint64_t word, Word128 value) {
    if (word % 4 == 1) value.high &= ~(1ULL << 6);
    return value;
  });
  EXPECT_EQ(swept.causes().wire, 70);
  EXPECT_EQ(swept.who(), "bit 70 of the data path");
  for (const auto& [words, times] : swept.causes().strides) EXPECT_EQ(words % 4, 0u) << times;
}

TEST(MiscompareCauses, AReadThatIsRightTheSecondTimeAccusesNoCell) {
  int reads = 0;
  const Swept swept = reading([&](std::uint64_t word, Word128 value) {
    if (word == 200 && ++reads == 7) value.low ^= 3;
    return value;
  });
  ASSERT_EQ(swept.report.recorded, 1u);
  EXPECT_EQ(swept.causes().words, (std::map<Cause, int>{{Cause::bad_read, 1}}));
  EXPECT_EQ(swept.who(), "a read: word 0xc8 of the region, bit 0 and 1 more");
}

TEST(MiscompareCauses, NothingHasNone) {
  const Swept swept = reading([](std::uint64_t, Word128 value) { return value; });
  EXPECT_EQ(swept.who(), "none");
  EXPECT_TRUE(swept.causes().words.empty());
}

}  // namespace
}  // namespace assay::memory
