// What miscompares say of their cause: from what was read, what was read again past the cache, and what the
// word held when it alone was written anew.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/memory_sweep.h"

namespace assay::memory {

enum class Cause {
  bad_read,       // the memory held what was written, and another read said so
  soft,           // it did not, and holds what is written now: lost once, or disturbed by a neighbour's write
  bad_cell,       // it does not hold what is written
  wrong_address,  // what was read is what another word was to hold
};
inline constexpr std::size_t kCauses = 4;

/// "bad_read".
std::string_view name_of(Cause cause);

struct Diagnosis {
  Cause cause = Cause::soft;
  std::optional<std::uint64_t> other_word;  // of wrong_address: whose value was read, in the region
};

/// `pattern`: of the pass that found it. Whose value was read shows where each word's differs: own address
/// and random data; of the latter only words whose index differs in one bit are looked at.
Diagnosis diagnose(const Miscompare& bad, const Pattern& pattern);

/// Of all miscompares that were recorded, the first kMaxMiscompares.
struct CausesOfReport {
  std::map<Cause, int> words;
  /// All flips are of this bit of the 128-bit path, in at least kWordsOfAWire different words.
  std::optional<int> wire;
  /// All words whose value came from another differ from that in this bit of their index.
  std::optional<int> address_bit;
  /// How far recorded words lie apart from the next: distances in words, how often.
  std::map<std::uint64_t, int> strides;
};

/// Cells go bad one by one, or as a row of one bank; a wire is seen by every word that it carries.
inline constexpr int kWordsOfAWire = 16;

/// `passes`: what the sweep ran, from its first pass on.
CausesOfReport causes_of(const SweepReport& report, const std::vector<Pass>& passes);

/// "bit 37 of the data path", "a cell: word 0x1234 of the region, bit 7": what to look for, in one line.
std::string culprit(const SweepReport& report, const CausesOfReport& causes);

}  // namespace assay::memory
