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

TEST(FaultyHbm, AWireBehindEccChangesDataAndNoCounter) {
  Cells cells(9, {{}, {{70, true, 4}}});
  for (std::uint64_t word = 0; word < 9; ++word) cells.store(word, kZeros);
  for (std::uint64_t word = 0; word < 9; ++word) {
    EXPECT_EQ(cells.load(word), (word % 4 == 0 ? Word128{0, 1ULL << 6} : kZeros));
  }
  EXPECT_EQ(cells.memory.corrected(), 0u);
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
