// Statistics of a GPU's series over a step.
#pragma once

#include <vector>

#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

/// The value below which `share` of the values lie, interpolated between neighbours. `values` is not empty.
double percentile(std::vector<double> values, double share);

SeriesSummary summarise(const std::vector<GpuSample>& samples);

}  // namespace assay::telemetry
