#include "kernels/coverage/memory_fault_models.h"

#include <algorithm>

namespace assay::memory {
namespace {

constexpr std::uint64_t kWordsPerCodeword = 2;

bool get(const std::vector<Word128>& words, BitPlace place) {
  const Word128& word = words[place.word];
  return ((place.bit < 64 ? word.low >> place.bit : word.high >> (place.bit - 64)) & 1) != 0;
}

void put(std::vector<Word128>& words, BitPlace place, bool value) {
  std::uint64_t& half = place.bit < 64 ? words[place.word].low : words[place.word].high;
  const std::uint64_t mask = 1ULL << (place.bit % 64);
  half = value ? half | mask : half & ~mask;
}

int differing_bits(Word128 a, Word128 b) {
  return __builtin_popcountll(a.low ^ b.low) + __builtin_popcountll(a.high ^ b.high);
}

}  // namespace

FaultyCells::FaultyCells(const Word128* base, std::uint64_t words, const ModelFault& fault, bool ecc)
    : base_(base), fault_(fault), ecc_(ecc), stored_(words, Word128{0, 0}), written_(words, Word128{0, 0}) {}

Word128 FaultyCells::load_word(std::uint64_t word) {
  if (fault_.model == FaultModel::address_none && word == fault_.victim.word) {
    const std::uint64_t all = fault_.value ? ~0ULL : 0;
    return Word128{all, all};
  }
  if (word == fault_.aggressor.word) {
    if (fault_.model == FaultModel::address_alias) return read_cell(fault_.victim.word);
    if (fault_.model == FaultModel::address_several) {
      const Word128 a = read_cell(word), b = read_cell(fault_.victim.word);
      return fault_.value ? Word128{a.low | b.low, a.high | b.high} : Word128{a.low & b.low, a.high & b.high};
    }
  }
  return read_cell(word);
}

void FaultyCells::store_word(std::uint64_t word, Word128 value) {
  if (fault_.model == FaultModel::address_none && word == fault_.victim.word) return;
  if (word == fault_.aggressor.word) {
    if (fault_.model == FaultModel::address_alias) return write_cell(fault_.victim.word, value);
    if (fault_.model == FaultModel::address_several) write_cell(fault_.victim.word, value);
  }
  write_cell(word, value);
}

bool FaultyCells::is_surrounded() const {
  const BitPlace& victim = fault_.victim;
  const BitPlace& before = fault_.aggressor;
  const BitPlace after{2 * victim.word - before.word, 2 * victim.bit - before.bit};
  if (after.word >= stored_.size() || after.bit < 0 || after.bit > 127) return false;
  const bool held = get(stored_, victim);
  return get(stored_, before) != held && get(stored_, after) != held;
}

Word128 FaultyCells::seen(std::uint64_t cell) const {
  Word128 value = stored_[cell];
  if (fault_.model != FaultModel::surrounded || cell != fault_.victim.word || !is_surrounded()) return value;
  std::uint64_t& half = fault_.victim.bit < 64 ? value.low : value.high;
  half ^= 1ULL << (fault_.victim.bit % 64);
  return value;
}

Word128 FaultyCells::read_cell(std::uint64_t cell) {
  if (fault_.model == FaultModel::leak && passes_ended_ - victim_written_ >= fault_.passes)
    put(stored_, fault_.victim, fault_.value);
  if (!ecc_) return seen(cell);
  const std::uint64_t first = cell / kWordsPerCodeword * kWordsPerCodeword;
  const std::uint64_t end = std::min<std::uint64_t>(first + kWordsPerCodeword, stored_.size());
  int wrong = 0;
  for (std::uint64_t i = first; i < end; ++i) wrong += differing_bits(seen(i), written_[i]);
  if (wrong > 0) ++ecc_events_;
  return wrong == 1 ? written_[cell] : seen(cell);
}

void FaultyCells::write_cell(std::uint64_t cell, Word128 value) {
  const bool victim_before = get(stored_, fault_.victim);
  const bool aggressor_before = get(stored_, fault_.aggressor);
  stored_[cell] = written_[cell] = value;
  if (cell == fault_.victim.word) victim_written_ = passes_ended_;
  if (fault_.model == FaultModel::stuck_at) put(stored_, fault_.victim, fault_.value);
  if (fault_.model == FaultModel::transition && victim_before != fault_.value) {
    put(stored_, fault_.victim, victim_before);
  }
  couple(aggressor_before);
}

void FaultyCells::couple(bool aggressor_before) {
  const bool aggressor = get(stored_, fault_.aggressor);
  const bool changed = aggressor != aggressor_before && aggressor == fault_.trigger;
  if (fault_.model == FaultModel::inversion && changed)
    put(stored_, fault_.victim, !get(stored_, fault_.victim));
  if (fault_.model == FaultModel::idempotent && changed) put(stored_, fault_.victim, fault_.value);
  if (fault_.model == FaultModel::state && aggressor == fault_.trigger)
    put(stored_, fault_.victim, fault_.value);
}

}  // namespace assay::memory
