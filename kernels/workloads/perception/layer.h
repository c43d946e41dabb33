// A layer of 3 x 3 filters on whole numbers of eight bits, and how its data lie: for the kernels and for the
// host.
//
// Pixels of all images lie one after another, each row with a zero behind it and each image with a row of
// zeros: what is left of a row's first pixel is what is behind the last row, and a filter's nine taps are
// nine fixed distances. Of each such position, 16 channels lie together: as wgmma reads rows of an operand,
// so that a tile is copied once and is all nine operands, a position apart (16 bytes).
#pragma once

#include <cstdint>

#include "kernels/memory_patterns.h"

namespace assay::workloads {

inline constexpr unsigned kTaps = 9;
inline constexpr unsigned kChannelsOfWord = 16;
/// Channels that a step of wgmma adds up over.
inline constexpr unsigned kChannelsOfChunk = 32;
inline constexpr unsigned kRowsOfGroup = 64;

struct Layer {
  unsigned images, side, channels, filters;
  unsigned filters_of_tile;  // 64 or 128
  unsigned groups;           // of 64 positions, that a tile has
  unsigned shift;            // results are divided by 2^shift
  unsigned sampled_every;    // of so many positions, one is worked out another way

  ASSAY_HD constexpr unsigned pitch() const { return side + 1; }
  ASSAY_HD constexpr unsigned plane() const { return pitch() * pitch(); }
  ASSAY_HD constexpr unsigned positions() const { return images * plane(); }
  ASSAY_HD constexpr unsigned rows_of_tile() const { return groups * kRowsOfGroup; }
  ASSAY_HD constexpr unsigned row_tiles() const {
    return (positions() + rows_of_tile() - 1) / rows_of_tile();
  }
  ASSAY_HD constexpr unsigned rows() const { return row_tiles() * rows_of_tile(); }
  ASSAY_HD constexpr unsigned filter_tiles() const { return filters / filters_of_tile; }
  ASSAY_HD constexpr unsigned chunks() const { return channels / kChannelsOfChunk; }
  ASSAY_HD constexpr unsigned samples() const { return (positions() + sampled_every - 1) / sampled_every; }

  /// Positions before the first one and behind the last that a tap may reach.
  ASSAY_HD constexpr unsigned rim() const { return pitch() + 1; }
  ASSAY_HD constexpr unsigned stored() const { return rows() + 2 * rim(); }
  ASSAY_HD constexpr std::uint64_t input_words() const {
    return std::uint64_t{channels} / kChannelsOfWord * stored();
  }
  ASSAY_HD constexpr std::uint64_t output_words() const {
    return std::uint64_t{filters} / kChannelsOfWord * stored();
  }
  ASSAY_HD constexpr std::uint64_t weight_bytes() const { return std::uint64_t{filters} * channels * kTaps; }
  /// Of 16 channels, or filters, at a position; of a tap's, from the position on which it is.
  ASSAY_HD constexpr std::uint64_t word(unsigned sixteen, std::uint64_t position) const {
    return std::uint64_t{sixteen} * stored() + rim() + position;
  }
  ASSAY_HD constexpr int distance(unsigned tap) const {
    return (static_cast<int>(tap / 3) - 1) * static_cast<int>(pitch()) + static_cast<int>(tap % 3) - 1;
  }
  ASSAY_HD constexpr bool is_pixel(unsigned position) const {
    const unsigned in_image = position % plane();
    return position < positions() && in_image / pitch() < side && in_image % pitch() < side;
  }
  /// Tiles of filters, in them chunks of channels, taps, halves of a chunk, filters, 16 channels: a tile's
  /// chunk is one piece.
  ASSAY_HD constexpr std::uint64_t weight_byte(unsigned filter, unsigned tap, unsigned channel) const {
    const std::uint64_t piece =
        (std::uint64_t{filter} / filters_of_tile * chunks() + channel / kChannelsOfChunk) * kTaps + tap;
    const std::uint64_t half = piece * 2 + channel / kChannelsOfWord % 2;
    return (half * filters_of_tile + filter % filters_of_tile) * kChannelsOfWord + channel % kChannelsOfWord;
  }
};

/// What word number `i` of random data holds.
ASSAY_HD constexpr Word128 random_bytes(std::uint64_t seed, std::uint64_t i) {
  return {memory::mix64(seed + 2 * i), memory::mix64(seed + 2 * i + 1)};
}
ASSAY_HD constexpr int signed_byte(const Word128& word, unsigned i) {
  return static_cast<std::int8_t>((i < 8 ? word.low : word.high) >> 8 * (i % 8) & 0xff);
}

/// Rounded, and at most 127 either way.
ASSAY_HD constexpr int result_of_sum(std::int32_t sum, unsigned shift) {
  const std::int32_t rounded = (sum + (1 << (shift - 1))) >> shift;
  return rounded < -127 ? -127 : rounded > 127 ? 127 : rounded;
}

}  // namespace assay::workloads
