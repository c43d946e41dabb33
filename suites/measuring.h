// The one way to time a launch: warm up, repeat, stop when the median has settled.
#pragma once

#include <functional>

namespace assay {

struct Repetitions {
  /// Not counted: they load the kernel's module, fill what caches fill, and wake the clocks.
  int warm_ups = 3;
  int least = 20, most = 60;
  /// Enough are there once the middle half of them lies within this share of their median.
  double settled = 0.01;
};

/// Median of once(), seconds. `before_each` runs before every repetition and is not timed: what flushes a
/// cache between two, where the data would fit into it.
double median_seconds(const Repetitions& repetitions, const std::function<double()>& once,
                      const std::function<void()>& before_each = {});

}  // namespace assay
