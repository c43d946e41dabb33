// What is planted in a GPU's cells, as loads meet it: bad cells, ECC between cell and reader, and the data
// wires behind ECC. The cells themselves hold what was written (device_memory.h).
//
// A codeword is 32 bytes of data: what one burst of an HBM3 pseudo channel delivers (JESD238: 32 data bits,
// burst of eight). NVIDIA does not publish its code. Modelled is what it promises: one wrong bit is corrected
// and counted, two are not delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/device.h"

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

class FaultyHbm final : public cuda_emulation::FaultyMemory {
 public:
  /// What lies beyond the cells is good.
  FaultyHbm(Word128* cells, std::uint64_t words, MemoryFaults faults)
      : cells_(cells), words_(words), faults_(std::move(faults)) {}

  bool holds(const Word128* address) const { return address >= cells_ && address < cells_ + words_; }
  bool healthy() const { return faults_.cells.empty() && faults_.wires.empty(); }
  /// Throws DeviceFailure(cudaErrorECCUncorrectable) where two bits of the codeword are wrong.
  Word128 load(const Word128* address) override;
  void store(Word128* address, Word128 value) override { *address = value; }

  /// Events since this object was made.
  std::uint64_t corrected() const { return corrected_; }
  std::uint64_t uncorrected() const { return uncorrected_; }

 private:
  Word128* cells_;  // as written: what a cell fault changes is worked out when it is read
  std::uint64_t words_;
  MemoryFaults faults_;
  // Loads come from device threads in no order.
  std::atomic<std::uint64_t> corrected_ = 0;
  std::atomic<std::uint64_t> uncorrected_ = 0;
};

}  // namespace assay::sim
