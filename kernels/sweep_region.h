// The buffers that a sweep walks, as one region, and what the kernel and its twin share of the report.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/memory_sweep.h"

namespace assay::memory {

/// A buffer's place in the region. First words are multiples of two pages: positions and page parity need no
/// carry.
struct Chunk {
  DeviceBuffer* buffer;
  std::uint32_t number;
  std::uint64_t first_word;
  std::uint64_t words;
};

std::vector<Chunk> chunks_of(const std::vector<DeviceBuffer*>& region, int page_shift);

/// Where a pass walks the pages of a chunk: page number * stride, modulo their number. 1 as they lie; of a
/// scattered pass a number near the golden section of theirs, and without a common factor.
std::uint64_t page_stride(const Pass& pass, std::uint64_t pages);

/// Counts of words and bits from the histogram, which is exact.
void total_up(SweepReport& report);

/// Calls act.template operator()<kind>() for the pattern's kind.
template <typename Act>
void for_kind(PatternKind kind, const Act& act) {
  switch (kind) {
    case PatternKind::address:
      return act.template operator()<PatternKind::address>();
    case PatternKind::background:
      return act.template operator()<PatternKind::background>();
    case PatternKind::random:
      return act.template operator()<PatternKind::random>();
    case PatternKind::walking:
      return act.template operator()<PatternKind::walking>();
  }
}

}  // namespace assay::memory
