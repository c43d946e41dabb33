// The passes of one full set of the memory sweep.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/memory_patterns.h"

namespace assay::memory {

/// One walk over the whole region. A pass that reads and writes leaves the pattern's complement behind.
struct Pass {
  Pattern pattern;
  bool descending = false;
  bool read = false;
  bool write = false;
  std::string name;  // "march background 3, r0 w1 down"

  int traversals() const { return (read ? 1 : 0) + (write ? 1 : 0); }
};

/// Own address and its complement; March C- (Marinescu 1982; van de Goor 1991) over the eight backgrounds;
/// eight random fills. `set` numbers the repetition: every set draws other random data.
std::vector<Pass> full_set(std::uint64_t seed, int set, int page_shift);

/// How often the passes read or write every word: 100 for a full set.
int traversals(const std::vector<Pass>& passes);

}  // namespace assay::memory
