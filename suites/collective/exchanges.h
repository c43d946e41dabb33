// What sends and receives between all pairs say of a GPU, and of what lies between two.
#pragma once

#include <vector>

namespace assay::collective {

/// By rank, then by distance from 1 on: seconds in which the rank sent to the one so far on, and received
/// from the one so far back, at the same time, of as many bytes each.
using SecondsByDistance = std::vector<std::vector<double>>;

/// Of two ranks, the slower direction. A rank that is slow holds up whom it sends to and whom it receives
/// from: a direction is as fast as the one of its two ends that was less held up.
double seconds_between(const SecondsByDistance& seconds, int one, int other);

/// Of one rank, the median of all distances: one other that is slow holds it up in two of them.
double seconds_of_rank(const SecondsByDistance& seconds, int rank);

}  // namespace assay::collective
