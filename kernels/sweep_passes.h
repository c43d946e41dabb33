// The passes of one full set of the memory sweep.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/memory_patterns.h"

namespace assay::memory {

/// Every word of a line of the cache, a bit each.
inline constexpr std::uint8_t kWholeLine = 0xff;
static_assert(kLineWords == 8);

/// One walk over the region. A pass that reads and writes leaves the pattern's complement behind.
struct Pass {
  Pattern pattern;
  bool descending = false;
  bool read = false;
  bool write = false;
  std::string name;  // "march background 3, r0 w1 down"
  /// The words of each line that are walked; the others are neither read nor written.
  std::uint8_t words_of_line = kWholeLine;
  /// Pages one after another lie far apart: in another order than they were written in.
  bool scattered = false;

  /// What it reads and writes of a region of that size.
  Work work(double bytes) const;
  /// How often it reads or writes every word.
  double traversals() const;
};

/// Own address and its complement; a bit that walks through the word, and its complement; March C- (Marinescu
/// 1982; van de Goor 1991) over the eight backgrounds, one of them with a march over the halves of every
/// line; four random fills. `set` numbers the repetition: every set draws other random data, walks from
/// another bit and has halves with the next background.
std::vector<Pass> full_set(std::uint64_t seed, int set, int page_shift);

/// 100 for a full set.
double traversals(const std::vector<Pass>& passes);

}  // namespace assay::memory
