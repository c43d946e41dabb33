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
  return std::clamp(static_cast<int>(std::min(batch_s_, left_s) / each_s), 1, most_);
}

}  // namespace assay
