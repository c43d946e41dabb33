#include "harness/node_sim/faulty_hbm.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace assay::sim {
namespace {

constexpr Word128 kZeros{0, 0};
constexpr Word128 kOnes{~0ULL, ~0ULL};

/// Cells with something planted in them.
struct Cells {
  Cells(std::uint64_t words, MemoryFaults faults)
      : written(words), memory(written.data(), words, std::move(faults)) {}
  Word128 load(std::uint64_t word) { return memory.load(written.data() + word); }
  void store(std::uint64_t word, Word128 value) { memory.store(written.data() + word, value); }

  std::vector<Word128> written;
  FaultyHbm memory;
};

TEST(FaultyHbm, HoldsWhatIsWritten) {
  Cells cells(5, {});
  for (std::uint64_t word = 0; word < 5; ++word) cells.store(word, Word128{word, ~word});
  for (std::uint64_t word = 0; word < 5; ++word) EXPECT_EQ(cells.load(word), (Word128{word, ~word}));
  EXPECT_TRUE(cells.memory.healthy());
}

TEST(FaultyHbm, OneWrongBitIsCorrectedAndCountedOnlyWhileItIsWrong) {
  Cells cells(8, {{{2, 130, BadCell::Reads::one}}, {}});  // bit 2 of word 5
  EXPECT_FALSE(cells.memory.healthy());
  cells.store(5, kOnes);
  EXPECT_EQ(cells.load(5), kOnes);
  EXPECT_EQ(cells.memory.corrected(), 0u);
  cells.store(5, kZeros);
  EXPECT_EQ(cells.load(5), kZeros);
  EXPECT_EQ(cells.load(4), kZeros);
  EXPECT_EQ(cells.memory.corrected(), 1u) << "once for the codeword's two words";
}

TEST(FaultyHbm, TwoWrongBitsOfACodewordAreNotDelivered) {
  Cells cells(8, {{{2, 3, BadCell::Reads::one}, {2, 130, BadCell::Reads::one}}, {}});
  cells.store(4, kZeros);
  cells.store(5, kOnes);
  EXPECT_EQ(cells.load(4), kZeros);
  cells.store(5, kZeros);
  try {
    cells.load(4);
    FAIL();
  } catch (const cuda_emulation::DeviceFailure& failure) {
    EXPECT_EQ(failure.error, cuda_emulation::cudaErrorECCUncorrectable);
    EXPECT_TRUE(failure.sticky);
  }
  EXPECT_EQ(cells.memory.uncorrected(), 1u);
}

TEST(FaultyHbm, AWeakCellIsWrongOnlyWhereItsConditionsAreMet) {
  Nanoseconds now = 0;
  double temperature_c = 40;
  std::vector<Word128> written(12);
  BadCell cell{2, 7, BadCell::Reads::inverted};
  cell.every = 3;
  cell.after = 5 * kSecond;
  cell.above_c = 60;
  cell.only_among_opposite = true;
  FaultyHbm memory(written.data(), 12, {{cell}, {}, {}},
                   {[&] { return now; }, [&] { return temperature_c; }});
  const auto corrected_of = [&](int reads) {
    const std::uint64_t before = memory.corrected();
    for (int i = 0; i < reads; ++i) EXPECT_EQ(memory.load(written.data() + 4), written[4]);
    return memory.corrected() - before;
  };
  memory.store(written.data() + 4, kOnes);
  now = 10 * kSecond;
  temperature_c = 70;
  EXPECT_EQ(corrected_of(9), 3u) << "every third read";
  temperature_c = 59;
  EXPECT_EQ(corrected_of(9), 0u) << "cold";
  temperature_c = 70;
  memory.store(written.data() + 4, kOnes);
  EXPECT_EQ(corrected_of(9), 0u) << "just written";
  now += 5 * kSecond;
  EXPECT_EQ(corrected_of(9), 3u);
  memory.store(written.data() + 6, kOnes);
  EXPECT_EQ(corrected_of(9), 0u) << "a neighbour holds the same";
}

TEST(FaultyHbm, ABadLineOfTheAddressReachesAnotherCodewordAndNoCounter) {
  using Carries = BadAddressLine::Carries;
  struct Case {
    BadAddressLine line;
    std::uint64_t asked, reached;  // codewords
  };
  for (const Case& c :
       {Case{{1, Carries::zero}, 3, 1}, Case{{1, Carries::zero}, 5, 5}, Case{{1, Carries::one}, 1, 3},
        Case{{1, Carries::both_ands, 2}, 2, 0}, Case{{1, Carries::both_ands, 2}, 6, 6},
        Case{{1, Carries::both_ors, 2}, 2, 6}, Case{{1, Carries::both_ors, 2}, 1, 1}}) {
    Cells cells(16, {{}, {}, {c.line}});
    EXPECT_FALSE(cells.memory.healthy());
    cells.store(2 * c.asked + 1, Word128{7, 8});
    EXPECT_EQ(cells.written[2 * c.reached + 1], (Word128{7, 8})) << c.asked;
    EXPECT_EQ(cells.load(2 * c.asked + 1), (Word128{7, 8})) << "what was written there is read there";
    EXPECT_EQ(cells.memory.corrected(), 0u);
  }
}

TEST(FaultyHbm, BeyondTheMemoryThereIsNoCell) {
  Cells cells(5, {{}, {}, {{2, BadAddressLine::Carries::one}}});
  cells.store(3, kOnes);
  EXPECT_EQ(cells.load(3), kZeros);
  EXPECT_EQ(cells.written, std::vector<Word128>(5));
}

TEST(FaultyHbm, AWireBehindEccChangesDataAndNoCounter) {
  Cells cells(9, {{}, {{70, true, 4}}});
  for (std::uint64_t word = 0; word < 9; ++word) cells.store(word, kZeros);
  for (std::uint64_t word = 0; word < 9; ++word) {
    EXPECT_EQ(cells.load(word), (word % 4 == 0 ? Word128{0, 1ULL << 6} : kZeros));
  }
  EXPECT_EQ(cells.memory.corrected(), 0u);
}

TEST(FaultyHbm, WhatTheCacheHoldsIsNotTheMemorysButTheCaches) {
  MemoryFaults faults;
  faults.wires = {{3, true, 1}};
  faults.cache_wires = {{70, true, 4}};
  Cells cells(9, faults);
  for (std::uint64_t word = 0; word < 9; ++word) {
    cells.store(word, kZeros);
    EXPECT_EQ(cells.memory.load_cached(&cells.written[word]),
              (word % 4 == 0 ? Word128{0, 1ULL << 6} : kZeros));
    EXPECT_EQ(cells.load(word), (Word128{1ULL << 3, 0})) << "past the cache";
  }
}

TEST(FaultyHbm, WhatLiesBesideTheCellsIsGood) {
  std::vector<Word128> all(10, kZeros);
  FaultyHbm memory(all.data() + 1, 8, {{}, {{0, true, 1}}});
  EXPECT_EQ(memory.load(&all[0]), kZeros);
  EXPECT_NE(memory.load(&all[1]), kZeros);
  EXPECT_NE(memory.load(&all[8]), kZeros);
  EXPECT_EQ(memory.load(&all[9]), kZeros);
}

}  // namespace
}  // namespace assay::sim
