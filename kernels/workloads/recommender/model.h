// A recommender in the manner of DLRM: of each sample, rows of 26 tables are looked up and added up by table,
// a bottom net takes its dense features, all of them interact by pairs, and a top net scores what comes out.
//
// Everything is whole numbers that the formats in use hold exactly, and that are known without the tables:
// each result has one right value, whatever the order of additions.
#pragma once

#include <cstdint>

#include "kernels/memory_patterns.h"

namespace assay::workloads {

inline constexpr unsigned kTables = 26, kDimensions = 128;
/// Of 16 bytes: four floats.
inline constexpr unsigned kWordsOfRow = kDimensions / 4;
/// The tables' sums and the bottom net's output.
inline constexpr unsigned kVectors = kTables + 1, kPairs = kVectors * (kVectors - 1) / 2;
inline constexpr unsigned kFeatures = 512;  // of the top net: bottom output, pairs, zeros
static_assert(kDimensions + kPairs <= kFeatures);

/// MLPerf's DLRM-DCNv2 on Criteo's data: rows of each table, and how many of them a sample looks up.
inline constexpr std::uint32_t kRowsOfTables[kTables] = {
    40'000'000, 39'060,     17'295,     7'424,      20'265,  3,      7'122, 1'543, 63,
    40'000'000, 3'067'956,  405'282,    10,         2'209,   11'938, 155,   4,     976,
    14,         40'000'000, 40'000'000, 40'000'000, 590'152, 12'973, 108,   36};
inline constexpr std::uint32_t kLookUpsOfTables[kTables] = {3, 2, 1, 2, 6, 1, 1,  1,   1,  7,  3, 8, 1,
                                                            6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1};

/// A net's layer: D = A' B of whole numbers.
struct NetLayer {
  unsigned in, out;
};
inline constexpr unsigned kBottomLayers = 3, kTopLayers = 4, kLayers = kBottomLayers + kTopLayers;
inline constexpr unsigned kWidest = 1024;

struct Model {
  std::uint64_t seed;
  unsigned samples;
  unsigned checked_every;  // of so many samples one is worked out again
  unsigned look_ups;       // of a sample
  NetLayer layers[kLayers];
  std::uint32_t first_row[kTables + 1];  // of each table, all in one buffer
  std::uint32_t first_look_up[kTables + 1];
  std::uint64_t last_of_table[4];  // bits of look-ups, that are their table's last

  ASSAY_HD constexpr bool is_last_of_table(unsigned look_up) const {
    return (last_of_table[look_up / 64] >> (look_up % 64) & 1) != 0;
  }
  ASSAY_HD constexpr std::uint32_t row_of(std::uint64_t sample, unsigned look_up, unsigned table) const {
    const std::uint64_t random = memory::mix64(seed ^ (sample * look_ups + look_up));
    const std::uint64_t rows = first_row[table + 1] - first_row[table];
    return first_row[table] + static_cast<std::uint32_t>((random >> 32) * rows >> 32);
  }
};

/// Four whole numbers of 16 bits in a word of a row. They add up to -2.
struct FourNumbers {
  int of[4];
};
inline constexpr int kSumOfWord = -2;

ASSAY_HD constexpr FourNumbers numbers_of(const Model& model, std::uint32_t row, unsigned word) {
  const std::uint64_t random = memory::mix64(~model.seed ^ (std::uint64_t{row} * kWordsOfRow + word));
  const int a = static_cast<std::int16_t>(random), b = static_cast<std::int16_t>(random >> 16);
  return {{a, b, -1 - a, -1 - b}};
}

ASSAY_HD constexpr int dense_of(const Model& model, std::uint64_t sample, unsigned feature) {
  return static_cast<int>(memory::mix64(model.seed + (sample << 8) + feature) % 255) - 127;
}

/// -7 to 7: of 1,024 of them, and activations up to 127, sums stay below 2^20, which fp32 holds exactly in
/// any order. Layer kLayers is the score.
ASSAY_HD constexpr int weight_of(const Model& model, unsigned layer, unsigned out, unsigned in) {
  const std::uint64_t place = std::uint64_t{layer} << 40 | std::uint64_t{out} << 16 | in;
  return static_cast<int>(memory::mix64(model.seed * 3 + place) % 15) - 7;
}

/// Rounded, by a power of two, so that what is left has seven bits and a sign.
ASSAY_HD constexpr int scaled(int value, unsigned shift, int least) {
  const int rounded = (value + (1 << shift >> 1)) >> shift;
  return rounded < least ? least : rounded > 127 ? 127 : rounded;
}
ASSAY_HD constexpr unsigned half_log2(unsigned n) {
  unsigned log2 = 0;
  while (n >> (log2 + 1) != 0) ++log2;
  return log2 / 2;
}
/// Sums of n grow as the root of n.
ASSAY_HD constexpr int scaled_sum_of_rows(int sum, unsigned look_ups) {
  return scaled(sum, 9 + half_log2(look_ups), -127);
}
ASSAY_HD constexpr int scaled_pair(int product) {
  return scaled(product, 8, -127);
}
/// ReLU.
ASSAY_HD constexpr int activation(int sum, unsigned in) {
  return scaled(sum, 2 + half_log2(in), 0);
}

/// Of the pairs: vector `number % kVectors` with the one so many behind it, round all of them.
ASSAY_HD constexpr unsigned second_of_pair(unsigned number) {
  return (number % kVectors + number / kVectors + 1) % kVectors;
}

}  // namespace assay::workloads
