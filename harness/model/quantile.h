// Quantiles of what was measured.
#pragma once

#include <vector>

namespace assay {

/// Linear interpolation between closest ranks; `fraction` 0.5 is the median. Throws std::invalid_argument for
/// no values.
double quantile(std::vector<double> values, double fraction);
double median(std::vector<double> values);

}  // namespace assay
