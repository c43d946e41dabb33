#include "kernels/coverage/write_back_cache.h"

#include <algorithm>
#include <iterator>

#include "kernels/memory_patterns.h"

namespace assay::memory {
namespace {

std::uint64_t number_of(const Word128* address) {
  return reinterpret_cast<std::uintptr_t>(address) / sizeof(Word128);
}

}  // namespace

WriteBackCache::WriteBackCache(cuda_emulation::FaultyMemory& memory, std::size_t lines,
                               Replacement replacement, std::uint64_t seed)
    : memory_(memory), most_lines_(lines), replacement_(replacement), random_(seed) {}

Word128 WriteBackCache::load(const Word128* address) {
  const std::uint64_t place = number_of(address) % kLineWords;
  auto* const first = const_cast<Address>(address) - place;
  Line& line = line_of(first);
  if (!line.valid[place]) {
    const std::uint64_t sector = place / kSectorWords * kSectorWords;
    for (std::uint64_t word = sector; word < sector + kSectorWords; ++word) {
      if (line.valid[word]) continue;  // newer than what the memory holds
      line.words[word] = memory_.load(first + word);
      line.valid[word] = true;
    }
  }
  return line.words[place];
}

void WriteBackCache::store(Word128* address, Word128 value) {
  const std::uint64_t place = number_of(address) % kLineWords;
  Line& line = line_of(address - place);
  line.words[place] = value;
  line.valid[place] = line.dirty[place] = true;
}

void WriteBackCache::evict(const Word128* address) {
  const auto found = lines_.find(const_cast<Address>(address) - number_of(address) % kLineWords);
  if (found == lines_.end()) return;
  write_back(found->first, found->second);
  lines_.erase(found);
}

void WriteBackCache::flush() {
  while (!lines_.empty()) evict(next_to_go());
}

WriteBackCache::Line& WriteBackCache::line_of(Address address) {
  const auto known = lines_.find(address);
  if (known != lines_.end()) return known->second;
  if (lines_.size() == most_lines_) evict(next_to_go());
  Line& line = lines_[address];
  line.arrival = arrivals_++;
  return line;
}

WriteBackCache::Address WriteBackCache::next_to_go() {
  switch (replacement_) {
    case Replacement::lowest:
      break;
    case Replacement::random: {
      random_ = mix64(random_);
      const auto step = static_cast<std::ptrdiff_t>(random_ % lines_.size());
      return std::next(lines_.begin(), step)->first;
    }
    case Replacement::first_in:
      return std::min_element(
                 lines_.begin(), lines_.end(),
                 [](const auto& a, const auto& b) { return a.second.arrival < b.second.arrival; })
          ->first;
  }
  return lines_.begin()->first;
}

void WriteBackCache::write_back(Address address, const Line& line) {
  for (std::uint64_t word = 0; word < kLineWords; ++word) {
    if (line.dirty[word]) memory_.store(address + word, line.words[word]);
  }
}

}  // namespace assay::memory
