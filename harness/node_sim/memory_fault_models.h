// The classical functional fault models of memory test (van de Goor, "Testing Semiconductor Memories", 1991),
// one fault at a time, for computing what a set of passes detects. The simulated node plants its own faults
// (sim_memory.h).
#pragma once

#include <cstdint>
#include <vector>

#include "harness/node/gpu.h"

namespace assay::sim {

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
};

struct ModelFault {
  FaultModel model;
  BitPlace victim;
  BitPlace aggressor{0, 0};  // coupling and address faults
  bool value = false;
  bool trigger = false;
};

/// A memory with one fault. Where a store writes aggressor and victim together, the coupling acts after the
/// write.
class FaultyCells final : public Cells {
 public:
  /// With `ecc`, one wrong bit in a 32-byte codeword is corrected and counted; more are counted and delivered
  /// wrong.
  FaultyCells(std::uint64_t words, const ModelFault& fault, bool ecc);

  std::uint64_t words() const override { return stored_.size(); }
  Word128 load(std::uint64_t word) override;
  void store(std::uint64_t word, Word128 value) override;
  void evict(std::uint64_t) override {}

  std::uint64_t ecc_events() const { return ecc_events_; }

 private:
  Word128 read_cell(std::uint64_t cell);
  void write_cell(std::uint64_t cell, Word128 value);
  void couple(bool aggressor_before);

  ModelFault fault_;
  bool ecc_;
  std::vector<Word128> stored_;
  std::vector<Word128> written_;  // what ECC's check bits stand for
  std::uint64_t ecc_events_ = 0;
};

}  // namespace assay::sim
