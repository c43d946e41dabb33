// Statistics of a GPU's series over a step.
#pragma once

#include <vector>

#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

/// Of those taken from `from` to before `until`.
Reading<double> mean_power_w(const std::vector<GpuSample>& samples, Nanoseconds from, Nanoseconds until);

/// Of samples that are taken so many seconds apart.
SeriesSummary summarise(const std::vector<GpuSample>& samples, double period_s);

}  // namespace assay::telemetry
