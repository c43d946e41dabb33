#include "suites/measuring.h"

#include <vector>

#include "harness/model/quantile.h"

namespace assay {
namespace {

bool has_settled(const std::vector<double>& seconds, double share) {
  return quantile(seconds, 0.75) - quantile(seconds, 0.25) <= share * median(seconds);
}

}  // namespace

double median_seconds(const Repetitions& repetitions, const std::function<double()>& once,
                      const std::function<void()>& before_each) {
  const auto measured = [&] {
    if (before_each) before_each();
    return once();
  };
  for (int i = 0; i < repetitions.warm_ups; ++i) measured();
  std::vector<double> seconds;
  for (int i = 0; i < repetitions.most; ++i) {
    seconds.push_back(measured());
    if (i + 1 >= repetitions.least && has_settled(seconds, repetitions.settled)) break;
  }
  return median(seconds);
}

}  // namespace assay
