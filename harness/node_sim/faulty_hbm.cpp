#include "harness/node_sim/faulty_hbm.h"

#include <algorithm>

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

bool reads_wrong(BadCell::Reads reads, bool written) {
  switch (reads) {
    case BadCell::Reads::zero:
      return written;
    case BadCell::Reads::one:
      return !written;
    case BadCell::Reads::inverted:
      break;
  }
  return true;
}

std::uint64_t through(const BadAddressLine& line, std::uint64_t codeword) {
  const std::uint64_t mine = 1ULL << line.bit, its = 1ULL << line.other_bit;
  const bool a = (codeword & mine) != 0, b = (codeword & its) != 0;
  switch (line.carries) {
    case BadAddressLine::Carries::zero:
      return codeword & ~mine;
    case BadAddressLine::Carries::one:
      return codeword | mine;
    case BadAddressLine::Carries::both_ands:
      return a && b ? codeword : codeword & ~(mine | its);
    case BadAddressLine::Carries::both_ors:
      break;
  }
  return a || b ? codeword | mine | its : codeword;
}

}  // namespace

std::uint64_t FaultyHbm::reached(std::uint64_t word) const {
  std::uint64_t codeword = word / kWordsPerCodeword;
  for (const BadAddressLine& line : faults_.address_lines) codeword = through(line, codeword);
  return std::min(words_, codeword * kWordsPerCodeword + word % kWordsPerCodeword);
}

bool FaultyHbm::written_bit(std::uint64_t codeword, int bit) const {
  const std::uint64_t word = codeword * kWordsPerCodeword + static_cast<std::uint64_t>(bit) / 128;
  return word < words_ && bit_of(cells_[word], bit % 128);
}

bool FaultyHbm::is_wrong(const BadCell& cell, History& history) const {
  const bool written = written_bit(cell.codeword, cell.bit);
  if (history.reads++ % cell.every != cell.every - 1) return false;
  if (!reads_wrong(cell.reads, written)) return false;
  if (cell.after > 0 && conditions_.now() - history.written < cell.after) return false;
  if (conditions_.temperature_c() < cell.above_c) return false;
  return !cell.only_among_opposite || (written_bit(cell.codeword - 1, cell.bit) != written &&
                                       written_bit(cell.codeword + 1, cell.bit) != written);
}

Word128 FaultyHbm::load(const Word128* address) {
  if (!holds(address)) return *address;
  const std::uint64_t word = reached(static_cast<std::uint64_t>(address - cells_));
  if (word == words_) return {0, 0};
  Word128 value = cells_[word];
  int wrong_in_codeword = 0;
  bool wrong_in_word = false;
  for (std::size_t i = 0; i < faults_.cells.size(); ++i) {
    const BadCell& cell = faults_.cells[i];
    if (cell.codeword != word / kWordsPerCodeword) continue;
    const std::uint64_t holder =
        cell.codeword * kWordsPerCodeword + static_cast<std::uint64_t>(cell.bit) / 128;
    if (holder >= words_ || !is_wrong(cell, history_[i])) continue;
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

void FaultyHbm::store(Word128* address, Word128 value) {
  if (!holds(address)) {
    *address = value;
    return;
  }
  const std::uint64_t word = reached(static_cast<std::uint64_t>(address - cells_));
  if (word == words_) return;
  cells_[word] = value;
  for (std::size_t i = 0; i < faults_.cells.size(); ++i) {
    if (faults_.cells[i].after > 0 && faults_.cells[i].codeword == word / kWordsPerCodeword)
      history_[i].written = conditions_.now();
  }
}

Word128 FaultyHbm::load_cached(const Word128* address) {
  Word128 value = *address;
  const std::uint64_t word = holds(address) ? static_cast<std::uint64_t>(address - cells_) : 0;
  for (const BadWire& wire : faults_.cache_wires) {
    if (word % wire.stride == 0) set_bit(value, wire.bit, wire.value);
  }
  return value;
}

}  // namespace assay::sim
