// Follows a chain (chain.h), wherever it lies: by one thread of the GPU that is current, here and when it is
// made.
#pragma once

#include <cstdint>

#include "harness/model/work.h"
#include "kernels/cuda_support.h"

namespace assay::latency::ASSAY_TARGET {

/// Where one is after so many loads, and how many of the words that were met had another check than theirs.
struct Walk {
  std::uint64_t place, wrong;
};

class Walker {
 public:
  /// Goes on from where it was. Seconds of one load, over so many; `kind` and `peer` are what one asks for.
  double walk(const Word128* chain, std::uint64_t seed, std::uint64_t loads, WorkKind kind, int peer);
  /// So far.
  std::uint64_t wrong() const { return walk_.download().wrong; }

 private:
  cuda::Stopwatch watch_;
  cuda::Resident<Walk> walk_;
};

}  // namespace assay::latency::ASSAY_TARGET
