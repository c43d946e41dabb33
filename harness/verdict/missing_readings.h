// Why values are missing from a step, as its records have it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/missing_reading.h"
#include "harness/model/run.h"

namespace assay::verdict {

/// Of evidence that is none of ours, nothing.
std::vector<MissingReading> missing_readings_of(const Step& step);

/// The reasons, by part and name of the measurement.
using Reasons = std::map<std::pair<Part, std::string>, std::string>;
Reasons reasons_of(const Step& step);

}  // namespace assay::verdict
