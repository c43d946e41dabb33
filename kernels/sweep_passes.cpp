#include "kernels/sweep_passes.h"

#include <bit>

namespace assay::memory {
namespace {

constexpr int kRandomFills = 4;

std::string march_name(int background) {
  return "march background " + std::to_string(background) + ", ";
}

void add_address_passes(std::vector<Pass>& passes) {
  passes.push_back({own_address(false), false, false, true, "own address, write"});
  passes.push_back({own_address(false), false, true, true, "own address, read and write complement"});
  passes.push_back({own_address(true), true, true, false, "own address, read complement"});
}

void add_walking_passes(std::vector<Pass>& passes, int set) {
  const auto start = static_cast<std::uint64_t>(set);
  passes.push_back({walking_bit(start, false), false, false, true, "walking bit, write"});
  passes.push_back({walking_bit(start, false), false, true, true, "walking bit, read and write complement"});
  passes.push_back({walking_bit(start, true), true, true, false, "walking bit, read complement"});
}

/// The cache writes a line's words back together and in one order, whatever the march: which of them disturbs
/// another shows only where one is written and the other is not. Sectors (32 bytes) are the least that it
/// writes; every two of a line are in different halves in at least four backgrounds. They cost more than
/// whole lines, so that a set has those of one background.
void add_halves_of_lines(std::vector<Pass>& passes, int number, int page_shift) {
  struct Half {
    std::uint8_t words;
    const char* name;
  };
  constexpr Half kEverySecond[] = {{0x33, "sectors 0 and 2"}, {0xcc, "sectors 1 and 3"}};
  constexpr Half kTwoByTwo[] = {{0x0f, "sectors 0 and 1"}, {0xf0, "sectors 2 and 3"}};
  for (const bool inverted : {false, true}) {
    for (const Half& half : number % 2 == 0 ? kEverySecond : kTwoByTwo) {
      passes.push_back({background(number, page_shift, inverted), false, true, true,
                        march_name(number) + (inverted ? "r1 w0 up, " : "r0 w1 up, ") + half.name,
                        half.words});
    }
  }
}

void add_march_c_minus(std::vector<Pass>& passes, int number, int page_shift, bool with_halves) {
  const Pattern zero = background(number, page_shift, false);
  const Pattern one = background(number, page_shift, true);
  const std::string name = march_name(number);
  passes.push_back({zero, false, false, true, name + "w0 up"});
  passes.push_back({zero, false, true, true, name + "r0 w1 up"});
  passes.push_back({one, false, true, true, name + "r1 w0 up"});
  passes.push_back({zero, true, true, true, name + "r0 w1 down"});
  passes.push_back({one, true, true, true, name + "r1 w0 down"});
  if (with_halves) add_halves_of_lines(passes, number, page_shift);
  passes.push_back({zero, true, true, false, name + "r0 down"});
}

/// Every other fill is written downwards: what a write disturbs shows only where nothing is written
/// afterwards. Reads come in another order than the writes did.
void add_random_fill(std::vector<Pass>& passes, std::uint64_t seed, int number) {
  const std::string name = "random " + std::to_string(number) + ", ";
  passes.push_back({random_data(seed), number % 2 == 1, false, true, name + "write"});
  passes.push_back({random_data(seed), false, true, false, name + "read", kWholeLine, true});
}

}  // namespace

Work Pass::work(double bytes) const {
  const double walked = bytes * std::popcount(words_of_line) / kLineWords;
  return {words_of_line == kWholeLine ? WorkKind::sweep : WorkKind::sweep_halves,
          walked * (static_cast<int>(read) + static_cast<int>(write))};
}

double Pass::traversals() const {
  return work(1).amount(Resource::memory);
}

std::vector<Pass> full_set(std::uint64_t seed, int set, int page_shift) {
  std::vector<Pass> passes;
  add_address_passes(passes);
  add_walking_passes(passes, set);
  for (int number = 0; number < kBackgrounds; ++number)
    add_march_c_minus(passes, number, page_shift, number == set % kBackgrounds);
  for (int number = 0; number < kRandomFills; ++number) {
    const auto stream = static_cast<std::uint64_t>(set) * kRandomFills + static_cast<std::uint64_t>(number);
    add_random_fill(passes, mix64(seed ^ mix64(stream)), number);
  }
  return passes;
}

double traversals(const std::vector<Pass>& passes) {
  double total = 0;
  for (const Pass& pass : passes) total += pass.traversals();
  return total;
}

}  // namespace assay::memory
