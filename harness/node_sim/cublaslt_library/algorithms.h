// How a product is computed: three ways, which differ in the order of their sums and so, as on the card, in
// the last bits.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/node_sim/cublaslt_library/rules.h"

namespace assay::cublaslt {

struct Way {
  /// K is added up in so many runs, one after the other, and their sums at the end.
  unsigned runs_of_k = 1;
  /// Those runs are made by different blocks: split-K, whose sums are reduced.
  std::uint32_t split_k = 1;
  std::size_t workspace_bytes = 0;
};

/// Nothing where the bytes are not this library's, or are of another combination of types.
std::optional<Way> way_of(const Algorithm& algorithm, const Problem& problem);

}  // namespace assay::cublaslt
