// What a kernel, its twin and the host share: the value that every word of device memory holds under each
// pattern, and what a comparison says. Pure functions of the word's index, compiled for both.
#pragma once

#include <cstdint>

#include "harness/node/gpu.h"

#ifdef __CUDACC__
#define ASSAY_HD __host__ __device__
#else
#define ASSAY_HD
#endif

namespace assay::memory {

inline constexpr int kBitsPerWord = 128;
inline constexpr int kLanes = 32;
/// 128 bytes: what the cache holds, and a store brings with it. Buffers begin with one.
inline constexpr int kLineWords = 8;
/// Words that a warp has in flight before it writes any of them: four loads a lane.
inline constexpr int kRowsPerGroup = 4;
inline constexpr int kGroupWords = kLanes * kRowsPerGroup;

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection in which every input bit reaches every
/// output bit.
ASSAY_HD constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

ASSAY_HD constexpr Word128 operator^(Word128 a, Word128 b) {
  return Word128{a.low ^ b.low, a.high ^ b.high};
}
ASSAY_HD constexpr Word128 complement(Word128 a) {
  return Word128{~a.low, ~a.high};
}
ASSAY_HD constexpr bool is_zero(Word128 a) {
  return (a.low | a.high) == 0;
}

inline constexpr int kBackgrounds = 8;

enum class PatternKind : std::uint32_t { address, background, random, walking };

struct Pattern {
  PatternKind kind;
  bool inverted;
  std::uint8_t position_mask;  // background: bits of the position code that invert the word
  std::uint8_t page_shift;     // background: log2 of the words in a warp's page
  Word128 bits;                // background: the word at position 0
  std::uint64_t seed;          // random; walking: where the bit begins
};

/// Words of one group are written together, so the march cannot tell them apart by time: their data must.
/// Each of the seven position bits in a group (five of the lane, two of the row), and the parity of the page,
/// has an 8-bit code; bit k of a word's code inverts it in background k. The codes are linearly independent,
/// so any two positions differ in some background; no sum of the first seven is all ones, so any two also
/// agree in some; found by a search that puts words next to each other, at equal or neighbouring bits, on
/// different data in at least two backgrounds and on equal data in at least two.
inline constexpr std::uint8_t kPositionCodes[8] = {179, 225, 3, 196, 70, 73, 85, 205};

constexpr std::uint8_t position_mask(int background) {
  unsigned mask = 0;
  for (int bit = 0; bit < 8; ++bit) mask |= ((kPositionCodes[bit] >> background) & 1u) << bit;
  return static_cast<std::uint8_t>(mask);
}

/// Backgrounds 0 to 6 hold one bit of each bit's own index, so any two bits of a word differ in one;
/// background 7 is solid.
constexpr Pattern background(int number, int page_shift, bool inverted) {
  constexpr std::uint64_t kIndexBits[6] = {0xaaaaaaaaaaaaaaaaULL, 0xccccccccccccccccULL,
                                           0xf0f0f0f0f0f0f0f0ULL, 0xff00ff00ff00ff00ULL,
                                           0xffff0000ffff0000ULL, 0xffffffff00000000ULL};
  Word128 bits{0, 0};
  if (number < 6) bits = Word128{kIndexBits[number], kIndexBits[number]};
  if (number == 6) bits = Word128{0, ~0ULL};
  return Pattern{PatternKind::background,
                 inverted,
                 position_mask(number),
                 static_cast<std::uint8_t>(page_shift),
                 bits,
                 0};
}

constexpr Pattern own_address(bool inverted) {
  return Pattern{PatternKind::address, inverted, 0, 0, Word128{0, 0}, 0};
}

ASSAY_HD constexpr Pattern random_data(std::uint64_t seed) {
  return Pattern{PatternKind::random, false, 0, 0, Word128{0, 0}, seed};
}

/// One bit of each word differs from all others of it, in the next word the next bit: every wire carries it
/// in turn, wherever words go by.
constexpr Pattern walking_bit(std::uint64_t start, bool inverted) {
  return Pattern{PatternKind::walking, inverted, 0, 0, Word128{0, 0}, start};
}

ASSAY_HD constexpr bool has_odd_parity(unsigned byte) {
  return ((0x6996u >> ((byte ^ (byte >> 4)) & 15u)) & 1u) != 0;
}

/// Of a background: whether the word at this index of the region is inverted.
ASSAY_HD constexpr bool is_inverted(const Pattern& pattern, std::uint64_t index) {
  const unsigned position = static_cast<unsigned>(index % kGroupWords) |
                            static_cast<unsigned>((index >> pattern.page_shift) & 1) << 7;
  return has_odd_parity(position & pattern.position_mask) != pattern.inverted;
}

/// The value of word `index` of the region under `pattern`, which is of kind kKind.
template <PatternKind kKind>
ASSAY_HD constexpr Word128 pattern_word(const Pattern& pattern, std::uint64_t index) {
  if constexpr (kKind == PatternKind::background) {
    const std::uint64_t invert = 0 - static_cast<std::uint64_t>(is_inverted(pattern, index));
    return pattern.bits ^ Word128 { invert, invert };
  }
  Word128 word{0, 0};
  if constexpr (kKind == PatternKind::address) {
    word = Word128{index, mix64(index)};
  } else if constexpr (kKind == PatternKind::walking) {
    const std::uint64_t bit = (index + pattern.seed) % kBitsPerWord;
    word = bit < 64 ? Word128{1ULL << bit, 0} : Word128{0, 1ULL << (bit - 64)};
  } else {
    const std::uint64_t first = mix64(index ^ pattern.seed);
    word = Word128{first, (first ^ (first >> 29)) * 0xd6e8feb86659fd93ULL};
  }
  const std::uint64_t flip = 0 - static_cast<std::uint64_t>(pattern.inverted);
  return word ^ Word128 { flip, flip };
}

}  // namespace assay::memory
