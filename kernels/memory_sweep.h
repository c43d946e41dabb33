// Sweeps device memory: writes patterns to every word of a region, reads them back, and says exactly what was
// wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/sweep_passes.h"
#include "kernels/target.h"

namespace assay::memory {

inline constexpr std::uint32_t kMaxMiscompares = 64;

/// A word that did not read as written.
struct Miscompare {
  Word128 expected, actual;
  Word128 second_read;  // after the line was pushed out of the cache: equal to `expected`, the read was bad,
                        // not the cell
  Word128 held[2];      // what `expected`, and its complement, read as once they were written there alone
  std::uint64_t word;   // index in the region, which the patterns are functions of
  std::uint64_t byte_offset;  // in its buffer
  std::uint32_t buffer;
  std::uint32_t pass;  // number of the pass since the sweep was made
};

/// Exact over all passes; only the list of miscompares is cut.
struct SweepReport {
  std::uint64_t bad_words;
  std::uint64_t bad_bits;
  std::uint64_t
      per_bit[kBitsPerWord];  // how often each bit of the 128-bit path was wrong: one bit alone is a wire
  std::uint64_t flipped_bits[kBitsPerWord + 1];  // words by their number of wrong bits: about half of them is
                                                 // an address error
  std::uint32_t recorded;                        // entries in use
  Miscompare miscompares[kMaxMiscompares];
};

struct PassResult {
  double seconds;  // device time
  double bytes;    // read plus written
};

class MemorySweep {
 public:
  virtual ~MemorySweep() = default;
  virtual PassResult run(const Pass& pass) = 0;
  virtual SweepReport report() = 0;
};

/// log2 of the words in the contiguous page that one warp owns: 16 KiB on the card, since what is in flight
/// should lie close together (of 8 KiB to 1 MiB the fastest on an H200, 2.2 % before 256 KiB).
inline constexpr int kCardPageShift = 10;
/// The same; 4 KiB in a simulated GPU's small memory.
int sweep_page_shift(Gpu& gpu);

/// The buffers together are the region; they must outlive the sweep. `page_shift` is at least 7: one group.
/// On a simulated GPU it is the kernel's twin (memory_sweep_twin.h).
std::unique_ptr<MemorySweep> make_memory_sweep(Gpu& gpu, const std::vector<DeviceBuffer*>& region,
                                               int page_shift);

/// The kernel, on either.
ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<MemorySweep> make_sweep_kernel(
    Gpu& gpu, const std::vector<DeviceBuffer*>& region, int page_shift))

}  // namespace assay::memory
