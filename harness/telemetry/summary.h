// Statistics of a GPU's series over a step.
#pragma once

#include <vector>

#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

SeriesSummary summarise(const std::vector<GpuSample>& samples);

}  // namespace assay::telemetry
