// How large the queries are, on the card and under the emulation, and what their launches ask of the card.
#pragma once

#include <cstdint>

#include "harness/node/gpu.h"

namespace assay::workloads {

/// Threads of every block.
inline constexpr unsigned kQueryThreads = 256;

struct ScanSize {
  unsigned bits;    // 2 to this power rows
  unsigned blocks;  // that divide the tiles among them
  std::uint64_t rows() const { return std::uint64_t{1} << bits; }
  /// Three of eight.
  std::uint64_t selected() const { return rows() / 8 * 3; }
};
/// 4.3 GB, 64 tiles a block. A smaller one has less than a wave of blocks.
inline constexpr ScanSize kScanOnCard{30, 4096}, kScanUnderEmulation{14, 2};

struct ScanWork {
  Work count, clear, compact, look;
};
ScanWork work_of_scan();

struct SortSize {
  unsigned bits;
  unsigned blocks;
  std::uint64_t rows() const { return std::uint64_t{1} << bits; }
};
/// 2.1 GB, 64 tiles a block.
inline constexpr SortSize kSortOnCard{28, 1024}, kSortUnderEmulation{11, 2};
/// Rows that a thread takes at a time, of a tile.
inline constexpr unsigned kSortItemsOnCard = 16, kSortItemsUnderEmulation = 2;
inline constexpr unsigned kDigitBits = 8, kDigits = 1u << kDigitBits, kSortPasses = 32 / kDigitBits;

struct SortWork {
  Work count, add_up, move, look;  // the first three once a pass
};
SortWork work_of_sort();

struct JoinSize {
  unsigned probe_bits;
  unsigned blocks;
  std::uint64_t probes() const { return std::uint64_t{1} << probe_bits; }
  unsigned build_bits() const { return probe_bits - 2; }
  std::uint64_t built() const { return std::uint64_t{1} << build_bits(); }
  /// Half of them stay empty.
  unsigned slot_bits() const { return build_bits() + 1; }
  std::uint64_t slots() const { return std::uint64_t{1} << slot_bits(); }
};
/// A table of 1.07 GB, 21 times the cache.
inline constexpr JoinSize kJoinOnCard{28, 4096}, kJoinUnderEmulation{12, 2};

struct JoinWork {
  Work clear, build, probe, look, look_at_table;
};
JoinWork work_of_join();

}  // namespace assay::workloads
