// A march through the second-level cache (L2): a working set that it holds, read, compared and written again
// many times over, without going to the memory behind it. Each launch gives the blocks other pieces than the
// last one: what one SM has written another one reads, from both partitions of the cache.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/bad_words.h"

namespace assay::memory {

/// Of the cache, what the working set takes: room is left for what else comes by. H200s read at the cache's
/// rate up to 56 of their 60 MiB (reports/evidence/2026-11-26-h200-2).
inline constexpr double kShareOfL2 = 0.8;

std::uint64_t l2_working_set(std::uint64_t l2_bytes);

/// How often each word is read and written in a launch.
inline constexpr int kRoundsOfL2 = 64;

/// What a word holds: random, and inverted in every other round, so that every bit goes both ways.
ASSAY_HD constexpr Word128 l2_word(std::uint64_t seed, std::uint64_t index, bool inverted) {
  // Two multiplications, where mix64() has two for each half: the cache is to be waited for, not the cores.
  std::uint64_t x = (seed + index) * 0x9e3779b97f4a7c15ULL;
  x ^= x >> 32;
  const Word128 word{x, (x ^ seed) * 0xbf58476d1ce4e5b9ULL};
  return inverted ? complement(word) : word;
}

struct L2Report {
  double seconds = 0;
  std::uint64_t bytes = 0;      // read plus written
  std::uint64_t bad_words = 0;  // reads of a word that was not as written
  std::vector<BadWord> first;
};

class L2March {
 public:
  virtual ~L2March() = default;
  /// So many launches, in each of which every word is read and written kRoundsOfL2 times.
  virtual L2Report march(int times) = 0;
  /// The same, read alone: how fast the cache is, known of an H200 (reports/evidence/2026-11-26-h200-2).
  virtual L2Report look(int times) = 0;
};

/// Throws DeviceError.
std::unique_ptr<L2March> make_l2_march(Gpu& gpu, std::uint64_t seed);

/// Of one launch, that reads and writes, or reads.
Work work_of_l2_march(std::uint64_t bytes_of_working_set, bool writes);

}  // namespace assay::memory
