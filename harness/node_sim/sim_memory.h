// Simulated HBM: cells, ECC between cell and reader, and the data wires behind ECC.
//
// A codeword is 32 bytes of data: what one burst of an HBM3 pseudo channel delivers (JESD238: 32 data bits,
// burst of eight). NVIDIA does not publish its code. Modelled is what it promises: one wrong bit is corrected
// and counted, two are not delivered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

inline constexpr std::uint64_t kWordsPerCodeword = 2;
inline constexpr int kBitsPerCodeword = 256;

/// A cell that does not hold what was written.
struct BadCell {
  enum class Reads { zero, one, inverted };
  std::uint64_t codeword;
  int bit;  // 0 to 255
  Reads reads;
};

/// A line of the 128-bit path between ECC and the reader that carries one value only, seen by every
/// `stride`-th word.
struct BadWire {
  int bit;  // 0 to 127
  bool value;
  std::uint64_t stride;
};

struct MemoryFaults {
  std::vector<BadCell> cells;
  std::vector<BadWire> wires;
};

/// The faults hbm_stuck_bit, hbm_double_bit and hbm_data_wire that are planted in this slot.
MemoryFaults planted_memory_faults(const State& state, int slot, std::uint64_t words);

class SimMemory {
 public:
  SimMemory(std::uint64_t words, MemoryFaults faults)
      : words_(words), faults_(std::move(faults)), healthy_(faults_.cells.empty() && faults_.wires.empty()) {}

  std::uint64_t words() const { return words_.size(); }
  void store(std::uint64_t word, Word128 value) { words_[word] = value; }
  /// Throws DeviceError("device.ecc_uncorrectable") where two bits of the codeword are wrong.
  Word128 load(std::uint64_t word) { return healthy_ ? words_[word] : load_through_faults(word); }

  /// Events since the memory was made.
  std::uint64_t corrected() const { return corrected_; }
  std::uint64_t uncorrected() const { return uncorrected_; }

 private:
  Word128 load_through_faults(std::uint64_t word);

  std::vector<Word128> words_;  // as written: what a cell fault changes is worked out when it is read
  MemoryFaults faults_;
  bool healthy_;
  std::uint64_t corrected_ = 0;
  std::uint64_t uncorrected_ = 0;
};

/// A buffer's share of the memory.
class MemoryWindow final : public Cells {
 public:
  MemoryWindow(SimMemory& memory, std::uint64_t first, std::uint64_t words)
      : memory_(memory), first_(first), words_(words) {}
  std::uint64_t words() const override { return words_; }
  Word128 load(std::uint64_t word) override { return memory_.load(first_ + word); }
  void store(std::uint64_t word, Word128 value) override { memory_.store(first_ + word, value); }
  void evict(std::uint64_t) override {}  // every load comes from the memory: there is no cache in front of it

 private:
  SimMemory& memory_;
  std::uint64_t first_, words_;
};

}  // namespace assay::sim
