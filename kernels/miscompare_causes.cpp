#include "kernels/miscompare_causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "kernels/sweep_region.h"

namespace assay::memory {
namespace {

constexpr int kIndexBits = 40;  // 2^40 words are 16 TiB

int count_bits(Word128 word) {
  return std::popcount(word.low) + std::popcount(word.high);
}

int lowest_bit(Word128 word) {
  return word.low != 0 ? std::countr_zero(word.low) : 64 + std::countr_zero(word.high);
}

Word128 value_of(const Pattern& pattern, std::uint64_t word) {
  Word128 value{};
  for_kind(pattern.kind, [&]<PatternKind kKind>() { value = pattern_word<kKind>(pattern, word); });
  return value;
}

/// Whose value `actual` is, written by this pass or before it.
std::optional<std::uint64_t> owner_of(Word128 actual, const Pattern& pattern, std::uint64_t word) {
  const auto is_value_of = [&](std::uint64_t other) {
    const Word128 value = value_of(pattern, other);
    return actual == value || actual == complement(value);
  };
  if (pattern.kind == PatternKind::address) {
    for (const std::uint64_t other : {actual.low, ~actual.low}) {
      if (other != word && is_value_of(other)) return other;
    }
  }
  if (pattern.kind == PatternKind::random) {
    for (int bit = 0; bit < kIndexBits; ++bit) {
      if (is_value_of(word ^ 1ULL << bit)) return word ^ 1ULL << bit;
    }
  }
  return std::nullopt;
}

/// The value where all agree.
template <typename T>
std::optional<T> only_one(const std::set<T>& values) {
  if (values.size() != 1) return std::nullopt;
  return *values.begin();
}

}  // namespace

std::string_view name_of(Cause cause) {
  constexpr std::array<std::string_view, kCauses> kNames{"bad_read", "soft", "bad_cell", "wrong_address"};
  return kNames[static_cast<std::size_t>(cause)];
}

Diagnosis diagnose(const Miscompare& bad, const Pattern& pattern) {
  const auto owner = owner_of(bad.actual, pattern, bad.word);
  if (owner) return {Cause::wrong_address, owner};
  if (bad.second_read == bad.expected) return {Cause::bad_read, std::nullopt};
  const bool holds = bad.held[0] == bad.expected && bad.held[1] == complement(bad.expected);
  return {holds ? Cause::soft : Cause::bad_cell, std::nullopt};
}

CausesOfReport causes_of(const SweepReport& report, const std::vector<Pass>& passes) {
  CausesOfReport causes;
  std::set<std::uint64_t> words;
  std::set<int> wrong_bits;  // -1: several in one word
  std::set<int> index_bits;  // the same
  for (std::uint32_t i = 0; i < report.recorded; ++i) {
    const Miscompare& bad = report.miscompares[i];
    const Diagnosis diagnosis = diagnose(bad, passes[bad.pass].pattern);
    ++causes.words[diagnosis.cause];
    words.insert(bad.word);
    const Word128 flipped = bad.actual ^ bad.expected;
    wrong_bits.insert(count_bits(flipped) == 1 ? lowest_bit(flipped) : -1);
    if (!diagnosis.other_word) continue;
    const std::uint64_t apart = *diagnosis.other_word ^ bad.word;
    index_bits.insert(std::has_single_bit(apart) ? std::countr_zero(apart) : -1);
  }
  for (auto word = words.begin(); word != words.end() && std::next(word) != words.end(); ++word)
    ++causes.strides[*std::next(word) - *word];
  if (words.size() >= kWordsOfAWire) causes.wire = only_one(wrong_bits);
  causes.address_bit = only_one(index_bits);
  if (causes.wire == -1) causes.wire.reset();
  if (causes.address_bit == -1) causes.address_bit.reset();
  return causes;
}

std::string culprit(const SweepReport& report, const CausesOfReport& causes) {
  if (report.recorded == 0) return "none";
  const auto seen = [&](Cause cause) { return causes.words.count(cause) != 0; };
  if (causes.address_bit) return fmt::format("bit {} of the word's address", *causes.address_bit);
  if (seen(Cause::wrong_address)) return "addresses: words hold what others were to hold";
  if (causes.wire) return fmt::format("bit {} of the data path", *causes.wire);
  const Miscompare& first = report.miscompares[0];
  const Word128 flipped = first.actual ^ first.expected;
  const auto where =
      fmt::format("word {:#x} of the region, bit {}{}", first.word, lowest_bit(flipped),
                  count_bits(flipped) > 1 ? fmt::format(" and {} more", count_bits(flipped) - 1) : "");
  if (seen(Cause::bad_cell)) return "a cell: " + where;
  if (seen(Cause::soft)) return "a cell that lost its value once, or is disturbed by others: " + where;
  return "a read: " + where;
}

}  // namespace assay::memory
