// Order statistics of a kernel's launches.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace assay {

/// Linear interpolation between closest ranks; `fraction` 0.5 is the median.
inline double quantile(std::vector<double> values, double fraction) {
  if (values.empty()) throw std::invalid_argument("quantile of nothing");
  std::sort(values.begin(), values.end());
  const double place = fraction * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace assay
