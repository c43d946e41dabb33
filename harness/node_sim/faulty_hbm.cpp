#include "harness/node_sim/faulty_hbm.h"

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

}  // namespace

Word128 FaultyHbm::load(const Word128* address) {
  if (!holds(address)) return *address;
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
