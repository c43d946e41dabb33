#include "kernels/memory_sweep.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "kernels/host_gpu_for_tests.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;

void run_full_set(MemorySweep& sweep) {
  for (const Pass& pass : full_set(9, 0, kPageShift)) sweep.run(pass);
}

/// Applies `damage` to what is read.
class DamagedCells : public PlainCells {
 public:
  using Damage = std::function<Word128(std::uint64_t word, Word128 value)>;
  DamagedCells(std::uint64_t words, Damage damage) : PlainCells(words), damage_(std::move(damage)) {}
  Word128 load(std::uint64_t word) override { return damage_(word, PlainCells::load(word)); }

 private:
  Damage damage_;
};

/// A cache holds one bad line: reads are wrong until it is evicted.
class BadCacheLine : public PlainCells {
 public:
  BadCacheLine(std::uint64_t words, std::uint64_t bad) : PlainCells(words), bad_(bad) {}
  Word128 load(std::uint64_t word) override {
    Word128 value = PlainCells::load(word);
    if (word == bad_ && evicted.empty()) value.high ^= 4;
    return value;
  }

 private:
  std::uint64_t bad_;
};

/// Remembers the order of its stores.
class RecordedCells : public PlainCells {
 public:
  using PlainCells::PlainCells;
  void store(std::uint64_t word, Word128 value) override {
    stores.push_back(word);
    PlainCells::store(word, value);
  }

  std::vector<std::uint64_t> stores;
};

TEST(MemorySweep, WalksEveryPageInMarchOrderWhileThePagesHaveNone) {
  constexpr std::uint64_t kPageWords = 1 << kPageShift;
  for (const bool descending : {false, true}) {
    RecordedCells cells(5 * kPageWords + 130);
    BorrowedBuffer buffer(cells);
    HostGpu gpu;
    const auto sweep = make_memory_sweep(gpu, {&buffer}, kPageShift);
    sweep->run({own_address(false), descending, false, true, ""});
    ASSERT_EQ(cells.stores.size(), cells.words());
    std::map<std::uint64_t, std::uint64_t> last_row;  // by page
    bool pages_interleave = false;
    for (std::size_t i = 0; i < cells.stores.size(); ++i) {
      const std::uint64_t page = cells.stores[i] / kPageWords, row = cells.stores[i] / kLanes;
      const auto before = last_row.find(page);
      if (before != last_row.end()) {
        ASSERT_TRUE(descending ? row <= before->second : row >= before->second) << i;
      }
      last_row[page] = row;
      pages_interleave |= i > 0 && cells.stores[i - 1] / kPageWords > page;
    }
    EXPECT_TRUE(pages_interleave);
  }
}

TEST(MemorySweep, FindsNothingWrongWithGoodMemoryOfAnySize) {
  for (const std::uint64_t words : {1, 31, 32, 127, 128, 129, 255, 256, 257, 2049, 4999}) {
    PlainCells cells(words);
    BorrowedBuffer buffer(cells);
    HostGpu gpu;
    const auto sweep = make_memory_sweep(gpu, {&buffer}, kPageShift);
    run_full_set(*sweep);
    EXPECT_EQ(sweep->report().bad_words, 0u) << words;
    EXPECT_EQ(gpu.launches.size(), 67u);
  }
}

TEST(MemorySweep, EveryPassReachesEveryWordOfEveryBuffer) {
  PlainCells first(517), second(33);
  BorrowedBuffer a(first), b(second);
  HostGpu gpu;
  const auto sweep = make_memory_sweep(gpu, {&a, &b}, kPageShift);
  const Pass write{own_address(false), false, false, true, ""};
  const PassResult result = sweep->run(write);
  EXPECT_DOUBLE_EQ(result.bytes, 550 * 16.0);
  std::set<std::uint64_t> addresses;
  for (const Word128& word : first.data) addresses.insert(word.low);
  for (const Word128& word : second.data) addresses.insert(word.low);
  EXPECT_EQ(addresses.size(), 550u) << "no two words of the region share an address";

  const Pass read_down{own_address(false), true, true, true, ""};
  EXPECT_DOUBLE_EQ(sweep->run(read_down).bytes, 2 * 550 * 16.0);
  EXPECT_EQ(first.data[516].low, ~516ULL);
  EXPECT_EQ(sweep->report().bad_words, 0u);
}

TEST(MemorySweep, CountsExactlyAndListsTheFirst) {
  DamagedCells cells(1000, [](std::uint64_t word, Word128 value) {
    if (word % 10 == 3) value.high |= 1ULL << 6;
    return value;
  });
  BorrowedBuffer buffer(cells);
  HostGpu gpu;
  const auto sweep = make_memory_sweep(gpu, {&buffer}, kPageShift);
  const Pattern solid = background(7, kPageShift, false);
  sweep->run({solid, false, false, true, ""});
  sweep->run({solid, false, true, false, ""});

  std::uint64_t expected = 0;
  for (std::uint64_t word = 3; word < 1000; word += 10) {
    expected += (~pattern_word<PatternKind::background>(solid, word).high >> 6) & 1;
  }
  ASSERT_GT(expected, 0u);
  const SweepReport report = sweep->report();
  EXPECT_EQ(report.bad_words, expected);
  EXPECT_EQ(report.bad_bits, expected);
  EXPECT_EQ(report.per_bit[70], expected);
  EXPECT_EQ(report.flipped_bits[1], expected);
  EXPECT_EQ(report.recorded, std::min<std::uint64_t>(expected, kMaxMiscompares));
  for (std::uint32_t i = 0; i < report.recorded; ++i) {
    const Miscompare& bad = report.miscompares[i];
    EXPECT_EQ(bad.byte_offset / 16 % 10, 3u);
    EXPECT_EQ(bad.expected.high ^ bad.actual.high, 1ULL << 6);
    EXPECT_TRUE(is_zero(bad.second_read ^ bad.actual)) << "the cell is bad, not the read";
    EXPECT_EQ(bad.pass, 1u);
  }
}

TEST(MemorySweep, ListIsCutAndTotalsAreNot) {
  DamagedCells cells(1000, [](std::uint64_t, Word128 value) { return complement(value); });
  BorrowedBuffer buffer(cells);
  HostGpu gpu;
  const auto sweep = make_memory_sweep(gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  sweep->run({own_address(false), false, true, true, ""});
  EXPECT_EQ(sweep->report().recorded, kMaxMiscompares);
  EXPECT_EQ(sweep->report().bad_words, 1000u);
  EXPECT_EQ(sweep->report().bad_bits, 128000u);
}

TEST(MemorySweep, SecondReadEvictsFirstAndTellsABadReadFromABadCell) {
  BadCacheLine cells(600, 399);
  BorrowedBuffer buffer(cells);
  HostGpu gpu;
  const auto sweep = make_memory_sweep(gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  sweep->run({own_address(false), false, true, true, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  EXPECT_EQ(cells.evicted, std::vector<std::uint64_t>{399});
  const Miscompare& bad = report.miscompares[0];
  EXPECT_TRUE(is_zero(bad.second_read ^ bad.expected));
  EXPECT_FALSE(is_zero(bad.actual ^ bad.expected));
  EXPECT_EQ(cells.data[399].low, ~399ULL) << "the pass's write was made up for";
}

TEST(MemorySweep, MiscompareNamesItsBuffer) {
  PlainCells good(300);
  DamagedCells damaged(300, [](std::uint64_t word, Word128 value) {
    if (word == 7) value.low ^= 1;
    return value;
  });
  BorrowedBuffer a(good), b(damaged);
  HostGpu gpu;
  const auto sweep = make_memory_sweep(gpu, {&a, &b}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  sweep->run({own_address(false), false, true, false, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  EXPECT_EQ(report.miscompares[0].buffer, 1u);
  EXPECT_EQ(report.miscompares[0].byte_offset, 7u * 16);
  EXPECT_EQ(report.miscompares[0].expected.low, report.miscompares[0].word);
}

}  // namespace
}  // namespace assay::memory
