#include "suites/collective/exchanges.h"

#include <algorithm>
#include <cstddef>

#include "harness/model/quantile.h"

namespace assay::collective {

double seconds_between(const SecondsByDistance& seconds, int one, int other) {
  const auto ranks = static_cast<int>(seconds.size());
  const auto towards = [&](int from, int to) {
    const auto distance = static_cast<std::size_t>((to - from + ranks) % ranks);
    return std::min(seconds[static_cast<std::size_t>(from)][distance - 1],
                    seconds[static_cast<std::size_t>(to)][distance - 1]);
  };
  return std::max(towards(one, other), towards(other, one));
}

double seconds_of_rank(const SecondsByDistance& seconds, int rank) {
  return median(seconds[static_cast<std::size_t>(rank)]);
}

}  // namespace assay::collective
