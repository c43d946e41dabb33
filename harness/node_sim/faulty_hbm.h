// What is planted in a GPU's cells, as loads meet it: bad cells, ECC between cell and reader, wires of data
// behind ECC, and wires of the address before it. The cells themselves hold what was written
// (device_memory.h).
//
// A codeword is 32 bytes of data: what one burst of an HBM3 pseudo channel delivers (JESD238: 32 data bits,
// burst of eight). NVIDIA does not publish its code. Modelled is what it promises: one wrong bit is corrected
// and counted, two are not delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::sim {

inline constexpr std::uint64_t kWordsPerCodeword = 2;
inline constexpr int kBitsPerCodeword = 256;

/// A cell that does not hold what was written. It is wrong where all of its conditions are met.
struct BadCell {
  enum class Reads { zero, one, inverted };
  std::uint64_t codeword;
  int bit;  // 0 to 255
  Reads reads;
  std::uint64_t every = 1;           // so many reads of the codeword, one is wrong
  Nanoseconds after = 0;             // since the codeword was written
  double above_c = -300;             // while the memory is as warm as that
  bool only_among_opposite = false;  // the same bit of the codewords before and after it is another
};

/// A line of the 128-bit path between ECC and the reader that carries one value only, seen by every
/// `stride`-th word.
struct BadWire {
  int bit;  // 0 to 127
  bool value;
  std::uint64_t stride;
};

/// A line of the address, of the codeword's number: the codeword that is reached holds its own check bits, so
/// that ECC sees nothing. One that would lie beyond the memory is none: it reads as zero.
struct BadAddressLine {
  enum class Carries { zero, one, both_ands, both_ors };  // the last two: shorted with another line
  int bit;
  Carries carries;
  int other_bit = 0;
};

struct MemoryFaults {
  std::vector<BadCell> cells;
  std::vector<BadWire> wires;
  std::vector<BadAddressLine> address_lines;
  std::vector<BadWire> cache_wires;  // of the second-level cache's data
};

/// What bad cells depend on.
struct MemoryConditions {
  std::function<Nanoseconds()> now = [] { return Nanoseconds{0}; };
  std::function<double()> temperature_c = [] { return 0.0; };
};

class FaultyHbm final : public cuda_emulation::FaultyMemory {
 public:
  /// What lies beyond the cells is good.
  FaultyHbm(Word128* cells, std::uint64_t words, MemoryFaults faults, MemoryConditions conditions = {})
      : cells_(cells),
        words_(words),
        faults_(std::move(faults)),
        conditions_(std::move(conditions)),
        history_(faults_.cells.size()) {}

  bool holds(const Word128* address) const { return address >= cells_ && address < cells_ + words_; }
  bool healthy() const {
    return faults_.cells.empty() && faults_.wires.empty() && faults_.cache_wires.empty() &&
           faults_.address_lines.empty();
  }
  /// Throws DeviceFailure(cudaErrorECCUncorrectable) where two bits of the codeword are wrong.
  Word128 load(const Word128* address) override;
  void store(Word128* address, Word128 value) override;
  Word128 load_cached(const Word128* address) override;

  /// Events since this object was made.
  std::uint64_t corrected() const { return corrected_; }
  std::uint64_t uncorrected() const { return uncorrected_; }

 private:
  /// Of a bad cell. Loads come from device threads in no order.
  struct History {
    std::atomic<std::uint64_t> reads = 0;
    std::atomic<Nanoseconds> written = 0;
  };

  /// The word that an access to `word` reaches; words_ for none.
  std::uint64_t reached(std::uint64_t word) const;
  bool written_bit(std::uint64_t codeword, int bit) const;
  bool is_wrong(const BadCell& cell, History& history) const;

  Word128* cells_;  // as written: what a cell fault changes is worked out when it is read
  std::uint64_t words_;
  MemoryFaults faults_;
  MemoryConditions conditions_;
  std::vector<History> history_;  // by bad cell
  std::atomic<std::uint64_t> corrected_ = 0;
  std::atomic<std::uint64_t> uncorrected_ = 0;
};

}  // namespace assay::sim
