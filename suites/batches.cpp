#include "suites/batches.h"

#include <algorithm>

namespace assay {

Batches::Batches(double duration_s, int wanted, int fewest, int most)
    : duration_s_(duration_s),
      batch_s_(std::min(kLongestBatch_s, duration_s / wanted)),
      fewest_(fewest),
      most_(most) {}

int Batches::next(double elapsed_s, double each_s) {
  constexpr double kWorthABatch = 0.25;
  const double left_s = duration_s_ - elapsed_s;
  if (begun_ >= fewest_ && left_s <= kWorthABatch * batch_s_) return 0;
  ++begun_;
  constexpr double kShortest_s = 1e-9;  // that a clock could have measured
  const double fit = std::min(batch_s_, left_s) / std::max(kShortest_s, each_s);
  return static_cast<int>(std::clamp(fit, 1.0, static_cast<double>(most_)));
}

}  // namespace assay
