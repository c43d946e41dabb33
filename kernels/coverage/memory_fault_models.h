// The classical functional fault models of memory test (van de Goor, "Testing Semiconductor Memories", 1991),
// one fault at a time, for computing what a set of passes detects. The simulated node plants its own faults
// (faults/memory_faults.cpp).
#pragma once

#include <cstdint>
#include <vector>

#include "harness/node/gpu.h"
#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::memory {

struct BitPlace {
  std::uint64_t word;
  int bit;  // 0 to 127
};

enum class FaultModel {
  stuck_at,         // the victim always holds `value`
  transition,       // the victim cannot change to `value`
  address_none,     // the victim's address reaches no cell; a read gives all bits `value`
  address_alias,    // the aggressor's address reaches the victim's cell, and its own cell is never reached
  address_several,  // the aggressor's address reaches the victim's cell as well as its own; reads give the
                    // AND, or with `value` the OR
  inversion,        // the aggressor's change to `trigger` inverts the victim
  idempotent,       // the aggressor's change to `trigger` sets the victim to `value`
  state,            // while the aggressor holds `trigger`, the victim holds `value`
  surrounded,  // the victim reads inverted while the aggressor, and the bit as far on its other side, hold
               // the opposite of what it holds
  leak,        // the victim holds `value` once so many passes have ended since it was written
};

struct ModelFault {
  FaultModel model;
  BitPlace victim;
  BitPlace aggressor{0, 0};  // coupling and address faults
  bool value = false;
  bool trigger = false;
  int passes = 0;  // leak
};

/// A memory with one fault. Where a store writes aggressor and victim together, the coupling acts after the
/// write.
class FaultyCells final : public cuda_emulation::FaultyMemory {
 public:
  /// In the place of the words at `base`. With `ecc`, one wrong bit in a 32-byte codeword is corrected and
  /// counted; more are counted and delivered wrong.
  FaultyCells(const Word128* base, std::uint64_t words, const ModelFault& fault, bool ecc);

  Word128 load(const Word128* address) override { return load_word(index(address)); }
  void store(Word128* address, Word128 value) override { store_word(index(address), value); }

  void end_of_pass() { ++passes_ended_; }
  std::uint64_t ecc_events() const { return ecc_events_; }

 private:
  std::uint64_t index(const Word128* address) const { return static_cast<std::uint64_t>(address - base_); }
  Word128 load_word(std::uint64_t word);
  void store_word(std::uint64_t word, Word128 value);
  Word128 read_cell(std::uint64_t cell);
  void write_cell(std::uint64_t cell, Word128 value);
  void couple(bool aggressor_before);
  bool is_surrounded() const;
  /// As it comes out of the cells.
  Word128 seen(std::uint64_t cell) const;

  const Word128* base_;
  ModelFault fault_;
  bool ecc_;
  std::vector<Word128> stored_;
  std::vector<Word128> written_;  // what ECC's check bits stand for
  std::uint64_t ecc_events_ = 0;
  int passes_ended_ = 0, victim_written_ = 0;
};

}  // namespace assay::memory
