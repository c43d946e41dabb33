// The sweep's device half under planted damage and at odd sizes.
#include <gtest/gtest.h>

#include <map>

#include "kernels/memory_sweep.h"
#include "silicon/device_test/device_memory.h"

namespace assay::memory {
namespace {

constexpr int kPageShift = 8;
#ifdef ASSAY_CUDA_EMULATION
constexpr std::uint64_t kManyWords = 1 << 14;  // a ballot costs microseconds there
#else
constexpr std::uint64_t kManyWords = 1 << 20;
#endif
constexpr std::uint64_t kOddSizes[] = {1,   31,  32,   33,   127,  128,  129,  255,
                                       256, 257, 2047, 2048, 2049, 4999, 70001};

Word128 word_of(const Pattern& pattern, std::uint64_t index) {
  switch (pattern.kind) {
    case PatternKind::address:
      return pattern_word<PatternKind::address>(pattern, index);
    case PatternKind::background:
      return pattern_word<PatternKind::background>(pattern, index);
    case PatternKind::walking:
      return pattern_word<PatternKind::walking>(pattern, index);
    case PatternKind::random:
      break;
  }
  return pattern_word<PatternKind::random>(pattern, index);
}

std::vector<Pattern> patterns() {
  std::vector<Pattern> all{own_address(false), own_address(true), random_data(99), walking_bit(3, false),
                           walking_bit(126, true)};
  for (int number = 0; number < kBackgrounds; ++number) {
    all.push_back(background(number, kPageShift, false));
    all.push_back(background(number, kPageShift, true));
  }
  return all;
}

TEST(MemorySweepDeviceHalf, WritesEveryWordAndNoOther) {
  const auto gpu = test_gpu();
  for (const std::uint64_t words : kOddSizes) {
    RimmedBuffer buffer(words);
    for (const Pattern& pattern : patterns()) {
      for (const bool descending : {false, true}) {
        const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
        const PassResult result = sweep->run({pattern, descending, false, true, ""});
        EXPECT_EQ(result.bytes, static_cast<double>(words) * 16);
        const auto held = buffer.download();
        for (std::uint64_t i = 0; i < words; ++i)
          ASSERT_EQ(held[i], word_of(pattern, i)) << words << " " << i;
      }
    }
    EXPECT_TRUE(buffer.rim_untouched()) << words;
  }
}

TEST(MemorySweepDeviceHalf, LeavesTheComplementBehindAndFindsNothing) {
  const auto gpu = test_gpu();
  for (const std::uint64_t words : kOddSizes) {
    RimmedBuffer buffer(words);
    for (const Pattern& pattern : patterns()) {
      for (const bool descending : {false, true}) {
        const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
        sweep->run({pattern, false, false, true, ""});
        sweep->run({pattern, descending, true, true, ""});
        const auto held = buffer.download();
        for (std::uint64_t i = 0; i < words; ++i)
          ASSERT_EQ(held[i], complement(word_of(pattern, i))) << words << " " << i;
        EXPECT_EQ(sweep->report().bad_words, 0u);
      }
    }
    EXPECT_TRUE(buffer.rim_untouched()) << words;
  }
}

TEST(MemorySweepDeviceHalf, WalksTheWordsOfALineThatThePassNamesAndNoOther) {
  const auto gpu = test_gpu();
  for (const std::uint64_t words : kOddSizes) {
    for (const std::uint8_t walked : {std::uint8_t{0x33}, std::uint8_t{0xf0}}) {
      RimmedBuffer buffer(words);
      const auto is_walked = [&](std::uint64_t word) { return (walked >> (word % kLineWords) & 1) != 0; };
      const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
      sweep->run({random_data(3), false, false, true, ""});
      for (std::uint64_t word = 0; word < words; ++word) {
        if (!is_walked(word)) buffer.flip(word, {1, 0});  // which this pass is not to see
      }
      sweep->run({random_data(3), false, true, true, "", walked});
      EXPECT_EQ(sweep->report().bad_words, 0u) << words;
      const auto held = buffer.download();
      for (std::uint64_t word = 0; word < words; ++word) {
        const Word128 written = pattern_word<PatternKind::random>(random_data(3), word);
        ASSERT_EQ(held[word], is_walked(word) ? complement(written) : (written ^ Word128{1, 0})) << word;
      }
      EXPECT_TRUE(buffer.rim_untouched()) << words;
    }
  }
}

TEST(MemorySweepDeviceHalf, AScatteredPassReachesEveryWordOnce) {
  const auto gpu = test_gpu();
  for (const std::uint64_t words : kOddSizes) {
    RimmedBuffer buffer(words);
    const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
    sweep->run({random_data(3), true, false, true, "", kWholeLine, true});
    // A word that is walked twice would be found inverted the second time.
    sweep->run({random_data(3), false, true, true, "", kWholeLine, true});
    EXPECT_EQ(sweep->report().bad_words, 0u) << words;
    const auto held = buffer.download();
    for (std::uint64_t word = 0; word < words; ++word)
      ASSERT_EQ(held[word], complement(word_of(random_data(3), word))) << word;
    EXPECT_TRUE(buffer.rim_untouched()) << words;
  }
}

TEST(MemorySweepDeviceHalf, LeavesTheRestOfTheLineOfABadWordAlone) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(4999);
  constexpr std::uint8_t kHalf = 0x0f;
  constexpr std::uint64_t kBad = 1002;
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  buffer.flip(kBad, {4, 0});
  sweep->run({own_address(false), false, true, true, "", kHalf});
  EXPECT_EQ(sweep->report().bad_words, 1u);
  const auto held = buffer.download();
  for (std::uint64_t word = 0; word < held.size(); ++word) {
    const Word128 written = pattern_word<PatternKind::address>(own_address(false), word);
    ASSERT_EQ(held[word], (kHalf >> (word % kLineWords) & 1) != 0 ? complement(written) : written) << word;
  }
}

TEST(MemorySweepDeviceHalf, FindsNothingInAFullSetOfGoodMemory) {
  const auto gpu = test_gpu();
  for (const std::uint64_t words : kOddSizes) {
    RimmedBuffer first(words), second(words / 2 + 1);
    const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&first, &second}, kPageShift);
    for (const Pass& pass : full_set(9, 0, kPageShift)) sweep->run(pass);
    const SweepReport report = sweep->report();
    EXPECT_EQ(report.bad_words, 0u) << words;
    EXPECT_EQ(report.recorded, 0u) << words;
    EXPECT_TRUE(first.rim_untouched() && second.rim_untouched()) << words;
  }
}

TEST(MemorySweepDeviceHalf, FindsEveryPlantedWordAndCountsItsBits) {
  const auto gpu = test_gpu();
  for (const bool descending : {false, true}) {
    for (const bool writes_back : {false, true}) {
      for (const Pattern& pattern : patterns()) {
        RimmedBuffer buffer(4999);
        const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
        sweep->run({pattern, false, false, true, ""});
        std::uint64_t per_bit[kBitsPerWord] = {};
        std::map<std::uint64_t, Word128> planted;
        for (std::uint64_t i = 0; i < 50; ++i) {
          const std::uint64_t word = i == 0 ? 0 : i == 1 ? 4998 : mix64(i) % 4999;
          const Word128 bits{mix64(i * 7) & mix64(i * 11), i % 3 == 0 ? 1ULL << (i % 64) : 0};
          if (!planted.emplace(word, bits).second) continue;
          buffer.flip(word, bits);
          for (int b = 0; b < 64; ++b) {
            per_bit[b] += (bits.low >> b) & 1;
            per_bit[64 + b] += (bits.high >> b) & 1;
          }
        }
        sweep->run({pattern, descending, true, writes_back, ""});
        const SweepReport report = sweep->report();
        ASSERT_EQ(report.bad_words, planted.size());
        ASSERT_EQ(report.recorded, planted.size());
        for (int b = 0; b < kBitsPerWord; ++b) EXPECT_EQ(report.per_bit[b], per_bit[b]) << b;
        for (std::uint32_t i = 0; i < report.recorded; ++i) {
          const Miscompare& bad = report.miscompares[i];
          ASSERT_EQ(planted.count(bad.word), 1u) << bad.word;
          EXPECT_EQ(bad.byte_offset, bad.word * 16);
          EXPECT_EQ(bad.expected, word_of(pattern, bad.word));
          EXPECT_EQ(bad.actual, bad.expected ^ planted[bad.word]);
          EXPECT_EQ(bad.second_read, bad.actual) << "the cell is bad, not the read";
          EXPECT_EQ(bad.held[0], bad.expected) << "it was damaged once";
          EXPECT_EQ(bad.held[1], complement(bad.expected));
        }
        const auto held = buffer.download();
        for (std::uint64_t i = 0; i < held.size(); ++i) {
          const Word128 met = planted.count(i) != 0 ? word_of(pattern, i) ^ planted[i] : word_of(pattern, i);
          ASSERT_EQ(held[i], writes_back ? complement(word_of(pattern, i)) : met)
              << "recorded words are written, too, and only by a pass that writes: " << i;
        }
        EXPECT_TRUE(buffer.rim_untouched()) << "the last line is not a whole one";
      }
    }
  }
}

TEST(MemorySweepDeviceHalf, CountsExactlyBeyondTheEndOfTheList) {
  const auto gpu = test_gpu();
  constexpr std::uint64_t kWords = 20001;
  RimmedBuffer buffer(kWords);
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  for (std::uint64_t word = 3; word < kWords; word += 10) buffer.flip(word, {0, 1ULL << 6});
  sweep->run({own_address(false), false, true, false, ""});
  const SweepReport report = sweep->report();
  EXPECT_EQ(report.bad_words, 2000u);
  EXPECT_EQ(report.bad_bits, 2000u);
  EXPECT_EQ(report.per_bit[70], 2000u);
  EXPECT_EQ(report.flipped_bits[1], 2000u);
  EXPECT_EQ(report.recorded, kMaxMiscompares);
  for (const Miscompare& bad : report.miscompares) EXPECT_EQ(bad.word % 10, 3u);
}

TEST(MemorySweepDeviceHalf, WritesTheBadWordsThatFoundNoPlaceInTheListToo) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(4999);
  Pattern inverted = own_address(false);
  inverted.inverted = true;
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  sweep->run({inverted, false, true, true, ""});
  EXPECT_EQ(sweep->report().bad_words, 4999u);
  const auto held = buffer.download();
  for (std::uint64_t i = 0; i < held.size(); ++i) ASSERT_EQ(held[i], complement(word_of(inverted, i))) << i;
}

TEST(MemorySweepDeviceHalf, ABrokenWireIsCountedInEveryWord) {
  const auto gpu = test_gpu();
  RimmedBuffer buffer(kManyWords);
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&buffer}, kPageShift);
  // What was written is the complement of what is expected: every bit of every word is wrong.
  sweep->run({random_data(5), false, false, true, ""});
  Pattern inverted = random_data(5);
  inverted.inverted = true;
  sweep->run({inverted, false, true, false, ""});
  const SweepReport report = sweep->report();
  EXPECT_EQ(report.bad_words, kManyWords);
  EXPECT_EQ(report.bad_bits, kManyWords * kBitsPerWord);
  for (int b = 0; b < kBitsPerWord; ++b) EXPECT_EQ(report.per_bit[b], kManyWords);
  EXPECT_EQ(report.flipped_bits[kBitsPerWord], kManyWords);
}

TEST(MemorySweepDeviceHalf, SaysWhichBufferAndWhere) {
  const auto gpu = test_gpu();
  RimmedBuffer a(3000), b(517);
  const auto sweep = ASSAY_TARGET::make_sweep_kernel(*gpu, {&a, &b}, kPageShift);
  sweep->run({own_address(false), false, false, true, ""});
  b.flip(516, {8, 0});
  sweep->run({own_address(false), true, true, true, ""});
  const SweepReport report = sweep->report();
  ASSERT_EQ(report.recorded, 1u);
  EXPECT_EQ(report.miscompares[0].buffer, 1u);
  EXPECT_EQ(report.miscompares[0].byte_offset, std::uint64_t{516} * 16);
  EXPECT_EQ(report.miscompares[0].pass, 1u);
}

}  // namespace
}  // namespace assay::memory
