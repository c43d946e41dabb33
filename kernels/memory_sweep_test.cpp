#include "kernels/memory_sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <vector>

#include "harness/testing/plain_gpu.h"
#include "kernels/sweep_region.h"

namespace assay::memory {
namespace {

constexpr int kSweptPageShift = 8;

void run_full_set(MemorySweep& sweep) {
  for (const Pass& pass : full_set(9, 0, kSweptPageShift)) sweep.run(pass);
}

using testing_tools::PlainGpu;
using testing_tools::WatchedMemory;
using testing_tools::words_of;

struct SweptBuffer {
  explicit SweptBuffer(std::uint64_t words) : buffer(gpu->allocate(words * sizeof(Word128))) {}

  PlainGpu gpu;
  std::unique_ptr<DeviceBuffer> buffer;
  WatchedMemory memory{gpu.device, *buffer};
  std::unique_ptr<MemorySweep> sweep = make_memory_sweep(*gpu, {buffer.get()}, kSweptPageShift);
};

TEST(MemorySweep, WalksEveryPageInMarchOrderWhileThePagesHaveNone) {
  constexpr std::uint64_t kPageWords = 1 << kSweptPageShift;
  for (const bool descending : {false, true}) {
    SweptBuffer swept(5 * kPageWords + 130);
    std::vector<std::uint64_t> stores, loads;
    swept.memory.stores = [&](std::uint64_t word) { stores.push_back(word); };
    swept.memory.loads = [&](std::uint64_t word, Word128 value) {
      loads.push_back(word);
      return value;
    };
    swept.sweep->run({own_address(false), descending, false, true, ""});
    swept.sweep->run({own_address(false), descending, true, false, ""});
    for (const auto& words : {stores, loads}) {
      ASSERT_EQ(words.size(), swept.buffer->words());
      std::map<std::uint64_t, std::uint64_t> last_row;  // by page
      bool pages_interleave = false;
      for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint64_t page = words[i] / kPageWords, row = words[i] / kLanes;
        const auto before = last_row.find(page);
        if (before != last_row.end()) {
          ASSERT_TRUE(descending ? row <= before->second : row >= before->second) << i;
        }
        last_row[page] = row;
        pages_interleave |= i > 0 && words[i - 1] / kPageWords > page;
      }
      EXPECT_TRUE(pages_interleave);
    }
  }
}

TEST(MemorySweep, AScatteredPassVisitsEveryPageOnceAndNeighboursFarApart) {
  for (const std::uint64_t pages : {1, 2, 3, 7, 96, 97, 1000, 9'000'000}) {
    Pass pass{random_data(1), false, false, true, ""};
    EXPECT_EQ(page_stride(pass, pages), 1u);
    pass.scattered = true;
    const std::uint64_t stride = page_stride(pass, pages);
    EXPECT_EQ(std::gcd(stride, pages), 1u) << pages;
    if (pages > 90) {
      EXPECT_NEAR(static_cast<double>(stride) / static_cast<double>(pages), 0.618, 0.05);
    }
  }
  SweptBuffer swept(64 << kSweptPageShift);
  std::vector<std::uint64_t> pages;
  swept.memory.stores = [&](std::uint64_t word) { pages.push_back(word >> kSweptPageShift); };
  swept.sweep->run({random_data(1), false, false, true, "", kWholeLine, true});
  EXPECT_EQ(std::set<std::uint64_t>(pages.begin(), pages.end()).size(), 64u);
  EXPECT_EQ(pages.size(), 64u << kSweptPageShift);
  EXPECT_GE(*std::max_element(pages.begin(), pages.begin() + 512), 32u)
      << "the second wave is not the next pages";
}

TEST(MemorySweep, FindsNothingWrongWithGoodMemoryOfAnySize) {
  for (const std::uint64_t words : {1, 31, 32, 127, 128, 129, 255, 256, 257, 2049, 4999}) {
    PlainGpu gpu;
    const auto buffer = gpu->allocate(words * sizeof(Word128));
    const auto sweep = make_memory_sweep(*gpu, {buffer.get()}, kSweptPageShift);
    run_full_set(*sweep);
    EXPECT_EQ(sweep->report().bad_words, 0u) << words;
    EXPECT_EQ(gpu.device.launches.size(), 66u);
  }
}

/// What a full set leaves behind after each pass, with a bit changed behind its back before each; and its
/// report.
struct Walked {
  std::vector<std::vector<Word128>> left;
  SweepReport report{};
};

Walked walk(std::uint64_t words, bool watched) {
  PlainGpu gpu;
  const auto buffer = gpu->allocate(words * sizeof(Word128));
  std::unique_ptr<WatchedMemory> memory;
  if (watched) memory = std::make_unique<WatchedMemory>(gpu.device, *buffer);
  const auto sweep = make_memory_sweep(*gpu, {buffer.get()}, kSweptPageShift);
  auto* const word = static_cast<Word128*>(buffer->device_pointer());
  Walked walked;
  std::uint64_t number = 0;
  for (const Pass& pass : full_set(9, 0, kSweptPageShift)) {
    word[number++ * 37 % words].high ^= 1ULL << 5;
    sweep->run(pass);
    walked.left.emplace_back(word, word + words);
  }
  walked.report = sweep->report();
  return walked;
}

TEST(MemorySweep, DoesTheSameWhereNothingIsPlantedThatCouldSeeInWhichOrder) {
  for (const std::uint64_t words : {1, 127, 128, 129, 1000, 2049, 4999}) {
    const Walked watched = walk(words, true), plain = walk(words, false);
    ASSERT_EQ(watched.left.size(), plain.left.size());
    for (std::size_t pass = 0; pass < plain.left.size(); ++pass) {
      for (std::uint64_t word = 0; word < words; ++word) {
        ASSERT_EQ(watched.left[pass][word].low, plain.left[pass][word].low)
            << words << ' ' << pass << ' ' << word;
        ASSERT_EQ(watched.left[pass][word].high, plain.left[pass][word].high)
            << words << ' ' << pass << ' ' << word;
      }
    }
    EXPECT_GT(plain.report.bad_words, 0u) << words;
    EXPECT_EQ(watched.report.bad_words, plain.report.bad_words) << words;
    EXPECT_EQ(watched.report.bad_bits, plain.report.bad_bits) << words;
    EXPECT_EQ(watched.report.recorded, plain.report.recorded) << words;
  }
}

TEST(MemorySweep, EveryPassReachesEveryWordOfEveryBuffer) {
  PlainGpu gpu;
  const auto a = gpu->allocate(517 * sizeof(Word128)), b = gpu->allocate(33 * sizeof(Word128));
  const auto sweep = make_memory_sweep(*gpu, {a.get(), b.get()}, kSweptPageShift);
  const Pass write{own_address(false), false, false, true, ""};
  const PassResult result = sweep->run(write);
  EXPECT_DOUBLE_EQ(result.bytes, 550 * 16.0);
  std::set<std::uint64_t> addresses;
  for (const DeviceBuffer* buffer : {a.get(), b.get()}) {
    for (std::uint64_t i = 0; i < buffer->words(); ++i) addresses.insert(words_of(*buffer)[i].low);
  }
  EXPECT_EQ(addresses.size(), 550u) << "no two words of the region share an address";

  const Pass read_down{own_address(false), true, true, true, ""};
  EXPECT_DOUBLE_EQ(sweep->run(read_down).bytes, 2 * 550 * 16.0);
  EXPECT_EQ(words_of(*a)[516].low, ~516ULL);
  EXPECT_EQ(sweep->report().bad_words, 0u);
}

TEST(MemorySweep, CountsExactlyAndListsTheFirst) {
  SweptBuffer swept(1000);
  swept.memory.loads = [](std::uint64_t word, Word128 value) {
    if (word % 10 == 3) value.high |= 1ULL << 6;
    return value;
  };
  const Pattern solid = background(7, kSweptPageShift, false);
  swept.sweep->run({solid, false, false, true, ""});
  swept.sweep->run({solid, false, true, false, ""});

  std::uint64_t expected = 0;
  for (std::uint64_t word = 3; word < 1000; word += 10) {
    expected += (~pattern_word<PatternKind::background>(solid, word).high >> 6) & 1;
  }
  ASSERT_GT(expected, 0u);
  const SweepReport report = swept.sweep->report();
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
  SweptBuffer swept(1000);
  swept.memory.loads = [](std::uint64_t, Word128 value) { return complement(value); };
  swept.sweep->run({own_address(false), false, false, true, ""});
  swept.sweep->run({own_address(false), false, true, true, ""});
  EXPECT_EQ(swept.sweep->report().recorded, kMaxMiscompares);
  EXPECT_EQ(swept.sweep->report().bad_words, 1000u);
  EXPECT_EQ(swept.sweep->report().bad_bits, 128000u);
}

TEST(MemorySweep, SecondReadEvictsFirstAndTellsABadReadFromABadCell) {
  SweptBuffer swept(600);
  std::vector<std::uint64_t> evicted;
  swept.memory.evictions = [&](std::uint64_t word) { evicted.push_back(word); };
  swept.memory.loads = [&](std::uint64_t word, Word128 value) {
    if (word == 399 && evicted.empty()) value.high ^= 4;
    return value;
  };
  swept.sweep->run({own_address(false), false, false, true, ""});
  swept.sweep->run({own_address(false), false, true, true, ""});
  const SweepReport report = swept.sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  EXPECT_EQ(evicted, std::vector<std::uint64_t>(3, 399))
      << "once as it was, and after each value written anew";
  const Miscompare& bad = report.miscompares[0];
  EXPECT_TRUE(is_zero(bad.second_read ^ bad.expected));
  EXPECT_FALSE(is_zero(bad.actual ^ bad.expected));
  EXPECT_EQ(bad.held[0], bad.expected);
  EXPECT_EQ(bad.held[1], complement(bad.expected));
  for (std::uint64_t word = 0; word < 600; ++word)
    EXPECT_EQ(words_of(*swept.buffer)[word].low, ~word) << "the pass's writes were made up for";
}

/// Otherwise the write of a neighbour would store the bad copy back, and the bad read would look like a bad
/// cell.
TEST(MemorySweep, NothingIsWrittenToALineWithABadWordBeforeItsSecondRead) {
  SweptBuffer swept(600);
  bool read_again = false;
  swept.memory.evictions = [&](std::uint64_t) { read_again = true; };
  swept.memory.loads = [&](std::uint64_t word, Word128 value) {
    if (word == 399 && !read_again) value.high ^= 4;
    return value;
  };
  swept.sweep->run({own_address(false), false, false, true, ""});
  std::set<std::uint64_t> early, late;
  swept.memory.stores = [&](std::uint64_t word) { (read_again ? late : early).insert(word); };
  swept.sweep->run({own_address(false), false, true, true, ""});
  for (std::uint64_t word = 392; word < 400; ++word) {
    EXPECT_EQ(early.count(word), 0u) << word;
    EXPECT_EQ(late.count(word), 1u) << word;
  }
  EXPECT_EQ(early.size() + late.size(), 600u);
}

/// Of a pass that only reads: what it leaves is what it met.
TEST(MemorySweep, LookingAgainChangesNothing) {
  SweptBuffer swept(600);
  swept.sweep->run({own_address(false), false, false, true, ""});
  words_of(*swept.buffer)[399].high ^= 4;
  const std::vector<Word128> before(words_of(*swept.buffer), words_of(*swept.buffer) + 600);
  swept.sweep->run({own_address(false), false, true, false, ""});
  EXPECT_EQ(swept.sweep->report().recorded, 1u);
  EXPECT_EQ(std::vector<Word128>(words_of(*swept.buffer), words_of(*swept.buffer) + 600), before);
}

TEST(MemorySweep, MiscompareNamesItsBuffer) {
  PlainGpu gpu;
  const auto a = gpu->allocate(300 * sizeof(Word128)), b = gpu->allocate(300 * sizeof(Word128));
  const auto sweep = make_memory_sweep(*gpu, {a.get(), b.get()}, kSweptPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  words_of(*b)[7].low ^= 1;
  sweep->run({own_address(false), false, true, false, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  EXPECT_EQ(report.miscompares[0].buffer, 1u);
  EXPECT_EQ(report.miscompares[0].byte_offset, 7u * 16);
  EXPECT_EQ(report.miscompares[0].expected.low, report.miscompares[0].word);
}

}  // namespace
}  // namespace assay::memory
