#include "harness/node_sim/faulty_hbm.h"

#include <algorithm>
#include <cstring>

namespace assay::sim {
namespace {

bool bit_of(Word128 word, int bit) {
  return ((bit < 64 ? word.low >> bit : word.high >> (bit - 64)) & 1) != 0;
}

void set_bit(Word128& word, int bit, bool value) {
  std::uint64_t& half = bit < 64 ? word.low : word.high;
  const std::uint64_t mask = 1ULL << (bit % 64);
  half = value ? half | mask : half & ~mask;
}

bool is_wrong(const BadCell& cell, bool written) {
  switch (cell.reads) {
    case BadCell::Reads::zero:
      return written;
    case BadCell::Reads::one:
      return !written;
    case BadCell::Reads::inverted:
      break;
  }
  return true;
}

bool is_kind(const FaultState& fault, const char* kind) {
  return std::strncmp(fault.kind, kind, sizeof(fault.kind)) == 0;
}

int bit_parameter(const FaultState& fault, const char* name, int bits) {
  return std::clamp(static_cast<int>(fault_parameter(fault, name, 0)), 0, bits - 1);
}

std::uint64_t planted_codeword(const FaultState& fault, std::uint64_t words) {
  const std::uint64_t codewords = std::max<std::uint64_t>(1, words / kWordsPerCodeword);
  const double position = std::clamp(fault_parameter(fault, "position", 0.5), 0.0, 1.0);
  return std::min(codewords - 1, static_cast<std::uint64_t>(position * static_cast<double>(codewords)));
}

}  // namespace

MemoryFaults planted_memory_faults(const State& state, int slot, std::uint64_t words) {
  MemoryFaults planted;
  for (int i = 0; i < state.fault_count; ++i) {
    const FaultState& fault = state.faults[i];
    if (fault.slot != slot) continue;
    const bool value = fault_parameter(fault, "value", 0) != 0;
    const std::uint64_t codeword = planted_codeword(fault, words);
    if (is_kind(fault, "hbm_stuck_bit")) {
      planted.cells.push_back({codeword, bit_parameter(fault, "bit", kBitsPerCodeword),
                               value ? BadCell::Reads::one : BadCell::Reads::zero});
    } else if (is_kind(fault, "hbm_double_bit")) {
      for (const char* bit : {"bit", "second_bit"}) {
        planted.cells.push_back(
            {codeword, bit_parameter(fault, bit, kBitsPerCodeword), BadCell::Reads::inverted});
      }
    } else if (is_kind(fault, "hbm_data_wire")) {
      const auto stride = static_cast<std::uint64_t>(std::max(1.0, fault_parameter(fault, "stride", 1)));
      planted.wires.push_back({bit_parameter(fault, "bit", 128), value, stride});
    }
  }
  return planted;
}

Word128 FaultyHbm::load(const Word128* address) {
  if (address < cells_ || address >= cells_ + words_) return *address;
  const auto word = static_cast<std::uint64_t>(address - cells_);
  Word128 value = *address;
  int wrong_in_codeword = 0;
  bool wrong_in_word = false;
  for (const BadCell& cell : faults_.cells) {
    if (cell.codeword != word / kWordsPerCodeword) continue;
    const std::uint64_t holder =
        cell.codeword * kWordsPerCodeword + static_cast<std::uint64_t>(cell.bit) / 128;
    if (holder >= words_ || !is_wrong(cell, bit_of(cells_[holder], cell.bit % 128))) continue;
    ++wrong_in_codeword;
    wrong_in_word |= holder == word;
  }
  if (wrong_in_codeword > 1) {
    ++uncorrected_;
    throw cuda_emulation::DeviceFailure{cuda_emulation::cudaErrorECCUncorrectable};
  }
  // A warp reads a codeword's two words in one access: it is counted once, with the word that holds the bad
  // bit.
  if (wrong_in_word) ++corrected_;
  for (const BadWire& wire : faults_.wires) {
    if (word % wire.stride == 0) set_bit(value, wire.bit, wire.value);
  }
  return value;
}

}  // namespace assay::sim
