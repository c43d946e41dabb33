#include "suites/arrived_bad.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace assay {
namespace {

constexpr std::size_t kMostBits = 8;

std::vector<int> bits_of(Word128 word) {
  std::vector<int> bits;
  for (int bit = 0; bit < memory::kBitsPerWord; ++bit) {
    const std::uint64_t half = bit < 64 ? word.low : word.high;
    if (((half >> (bit % 64)) & 1) != 0) bits.push_back(bit);
  }
  return bits;
}

}  // namespace

std::string text_of(const memory::BadWords& bad) {
  using memory::operator^;
  if (bad.count == 0) return {};
  std::string text = fmt::format("{} words of 16 bytes", bad.count);
  if (bad.first.empty()) return text;
  Word128 changed{0, 0};
  for (const memory::BadWord& word : bad.first)
    changed = {changed.low | (word.expected ^ word.actual).low,
               changed.high | (word.expected ^ word.actual).high};
  const std::vector<int> bits = bits_of(changed);
  text += fmt::format(", the first at byte {}, ", bad.first.front().index * sizeof(Word128));
  return text + (bits.size() > kMostBits ? fmt::format("{} bits of them", bits.size())
                                         : fmt::format("bits {}", fmt::join(bits, " ")));
}

}  // namespace assay
