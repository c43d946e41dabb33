#include "suites/collective/lateness.h"

#include <algorithm>
#include <cstddef>

namespace assay::collective {
namespace {

/// Of an even number, the later of the two in the middle: nobody is late by half of one other's earliness.
Nanoseconds middle_of(std::vector<Nanoseconds> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::vector<Nanoseconds> lateness(const std::vector<std::vector<Nanoseconds>>& arrived) {
  const std::size_t ranks = arrived.empty() ? 0 : arrived.front().size();
  std::vector<Nanoseconds> late;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    std::vector<Nanoseconds> by_repetition;
    for (const std::vector<Nanoseconds>& all : arrived) {
      std::vector<Nanoseconds> others = all;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(rank));
      by_repetition.push_back(all[rank] - middle_of(others));
    }
    late.push_back(middle_of(by_repetition));
  }
  return late;
}

Nanoseconds certain(Nanoseconds late, Nanoseconds own_error, Nanoseconds worst_error) {
  return late < 2 * (own_error + worst_error) ? 0 : late;
}

}  // namespace assay::collective
