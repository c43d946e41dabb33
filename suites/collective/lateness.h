// Who comes late to what all ranks do together.
#pragma once

#include <vector>

#include "harness/model/time.h"

namespace assay::collective {

/// By rank: how much later it came than the median of the others, the median of all repetitions. `arrived`:
/// by repetition, then rank, by one clock; at least two ranks.
std::vector<Nanoseconds> lateness(const std::vector<std::vector<Nanoseconds>>& arrived);

/// What can be told of it where the clocks are so far off at most, this rank's and any other's: 0 below twice
/// that.
Nanoseconds certain(Nanoseconds late, Nanoseconds own_error, Nanoseconds worst_error);

}  // namespace assay::collective
