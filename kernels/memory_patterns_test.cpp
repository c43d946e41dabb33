#include "kernels/memory_patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "kernels/stream_data.h"
#include "kernels/sweep_passes.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;

bool bit_of(Word128 word, int bit) {
  return ((bit < 64 ? word.low >> bit : word.high >> (bit - 64)) & 1) != 0;
}

/// A bit's data over the eight backgrounds: two bits with equal codes are never told apart.
unsigned code(std::uint64_t index, int bit) {
  unsigned result = 0;
  for (int k = 0; k < kBackgrounds; ++k) {
    const Word128 word = pattern_word<PatternKind::background>(background(k, kPageShift, false), index);
    result |= static_cast<unsigned>(bit_of(word, bit)) << k;
  }
  return result;
}

TEST(Backgrounds, TellEveryPairOfBitsOfAWordApartAndOnceTogether) {
  for (const std::uint64_t index : {0, 5, 127, 300}) {
    for (int a = 0; a < kBitsPerWord; ++a) {
      for (int b = 0; b < a; ++b) {
        const unsigned difference = code(index, a) ^ code(index, b);
        ASSERT_NE(difference, 0u) << a << " " << b;
        ASSERT_NE(difference, 0xffu) << a << " " << b;
      }
    }
  }
}

TEST(Backgrounds, TellTheSameBitOfTheWordsOfAGroupApartAndOnceTogether) {
  for (int a = 0; a < kGroupWords; ++a) {
    for (int b = 0; b < a; ++b) {
      const unsigned difference =
          code(static_cast<std::uint64_t>(a), 17) ^ code(static_cast<std::uint64_t>(b), 17);
      ASSERT_NE(difference, 0u) << a << " " << b;
      ASSERT_NE(difference, 0xffu) << a << " " << b;
    }
  }
  EXPECT_NE(code(3, 17), code(3 + (1 << kPageShift), 17)) << "neighbouring pages";
}

/// Eight bits have 256 codes; 4,096 places of a row share them, 16 each at best.
TEST(Backgrounds, LeaveNoMoreOfARowTogetherThanEightBackgroundsMust) {
  std::array<int, 256> places{};
  for (std::uint64_t lane = 0; lane < kLanes; ++lane) {
    for (int bit = 0; bit < kBitsPerWord; ++bit) ++places[code(lane, bit)];
  }
  EXPECT_EQ(*std::max_element(places.begin(), places.end()), kLanes * kBitsPerWord / 256);
}

TEST(Backgrounds, PutNeighboursOnDifferentAndOnEqualDataAtLeastTwice) {
  for (std::uint64_t word = 0; word + 1 < kGroupWords; ++word) {
    for (int bit = 1; bit + 1 < kBitsPerWord; ++bit) {
      for (int other = bit - 1; other <= bit + 1; ++other) {
        const int apart = __builtin_popcount(code(word, bit) ^ code(word + 1, other));
        ASSERT_GE(apart, 2) << word << " " << bit << " " << other;
        ASSERT_LE(apart, 6) << word << " " << bit << " " << other;
      }
    }
  }
}

TEST(OwnAddress, DiffersForEveryAddressBitAndInvertsWhole) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (int bit = 0; bit < 40; ++bit) {
    const Word128 word = pattern_word<PatternKind::address>(own_address(false), 1ULL << bit);
    EXPECT_TRUE(seen.insert({word.low, word.high}).second);
    const Word128 other = pattern_word<PatternKind::address>(own_address(true), 1ULL << bit);
    EXPECT_TRUE(is_zero(complement(word) ^ other));
  }
}

TEST(WalkingBit, IsOneOfEachWordAndTheNextOfTheNext) {
  for (const std::uint64_t start : {0, 1, 127}) {
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    for (std::uint64_t i = 0; i < kBitsPerWord; ++i) {
      const Word128 word = pattern_word<PatternKind::walking>(walking_bit(start, false), i);
      EXPECT_TRUE(bit_of(word, static_cast<int>((i + start) % kBitsPerWord)));
      EXPECT_EQ(__builtin_popcountll(word.low) + __builtin_popcountll(word.high), 1);
      EXPECT_EQ(pattern_word<PatternKind::walking>(walking_bit(start, true), i), complement(word));
      seen.insert({word.low, word.high});
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kBitsPerWord)) << "every wire";
  }
}

TEST(RandomData, HasHalfItsBitsSetAndDependsOnItsSeed) {
  long ones = 0, differing = 0;
  constexpr int kCount = 4000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const Word128 a = pattern_word<PatternKind::random>(random_data(1), i);
    const Word128 b = pattern_word<PatternKind::random>(random_data(2), i);
    ones += __builtin_popcountll(a.low) + __builtin_popcountll(a.high);
    differing += __builtin_popcountll(a.low ^ b.low) + __builtin_popcountll(a.high ^ b.high);
  }
  EXPECT_NEAR(static_cast<double>(ones) / kCount, 64, 1);
  EXPECT_NEAR(static_cast<double>(differing) / kCount, 64, 1);
}

TEST(StreamData, IsFiniteDoublesOfModerateSize) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Word128 word = stream_word(7, i);
    for (const std::uint64_t bits : {word.low, word.high}) {
      const auto exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
      ASSERT_GE(exponent, -7);
      ASSERT_LE(exponent, 0);
    }
  }
}

TEST(StreamData, TriadIsAFusedMultiplyAdd) {
  constexpr std::uint64_t kOne = 0x3ff0000000000000ULL, kTwo = 0x4000000000000000ULL;
  EXPECT_EQ(triad_bits(kOne, kTwo), 0x3ffd000000000000ULL);  // 1 + 2 x 0.40625 = 1.8125
}

TEST(FullSet, HasItsLengthAndDrawsOtherRandomDataInEverySet) {
  const std::vector<Pass> first = full_set(1, 0, kPageShift), second = full_set(1, 1, kPageShift);
  EXPECT_EQ(traversals(first), 100);
  EXPECT_EQ(first.size(), 3u + 3 + 8 * 6 + 4 + 4 * 2);
  EXPECT_NE(first.back().pattern.seed, second.back().pattern.seed);
}

TEST(FullSet, ReadsOnlyWhatThePassesBeforeItLeft) {
  std::array<Pattern, kLineWords> left{};
  for (const Pass& pass : full_set(1, 0, kPageShift)) {
    for (int word = 0; word < kLineWords; ++word) {
      if ((pass.words_of_line >> word & 1) == 0) continue;
      if (pass.read) {
        EXPECT_EQ(pass.pattern.kind, left[word].kind) << pass.name;
        EXPECT_EQ(pass.pattern.inverted, left[word].inverted) << pass.name;
        EXPECT_EQ(pass.pattern.seed, left[word].seed) << pass.name;
      }
      left[word] = pass.pattern;
      if (pass.read && pass.write) left[word].inverted = !left[word].inverted;
    }
  }
}

/// Of every two sectors of a line, the bits at the same place: once on equal data and once on different.
TEST(FullSet, WritesOfEveryTwoSectorsOneWithoutTheOtherInEightSetsOnEqualAndOnDifferentData) {
  constexpr int kSectorWords = 2;
  std::vector<Pass> all_sets;
  for (int set = 0; set < kBackgrounds; ++set) {
    const std::vector<Pass> passes = full_set(1, set, kPageShift);
    all_sets.insert(all_sets.end(), passes.begin(), passes.end());
  }
  for (int a = 0; a < kLineWords; ++a) {
    for (int b = 0; b < kLineWords; ++b) {
      if (a / kSectorWords == b / kSectorWords) continue;
      int on_equal = 0, on_different = 0;
      for (const Pass& pass : all_sets) {
        const bool one_alone = (pass.words_of_line >> a & 1) != 0 && (pass.words_of_line >> b & 1) == 0;
        if (!one_alone) continue;
        EXPECT_TRUE(pass.read && pass.write) << pass.name;
        const bool equal = is_inverted(pass.pattern, a) == is_inverted(pass.pattern, b);
        ++(equal ? on_equal : on_different);
      }
      EXPECT_GT(on_equal, 0) << a << " " << b;
      EXPECT_GT(on_different, 0) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace assay::memory
