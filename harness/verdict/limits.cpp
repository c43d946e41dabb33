// Holds every measured value against the limits of its check and measurement.
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {

Value bound_held_against(const Limit& limit, Grade graded) {
  return graded == Grade::marginal && limit.marginal_bound ? Value(*limit.marginal_bound) : bound_of(limit);
}

}  // namespace

void observe_limits(const Case& c, std::vector<Observation>& seen) {
  const std::vector<Series> all = collect_series(c.run);
  for (const Series& series : all) {
    for (const Limit* limit : c.limits(series.check, series.measurement)) {
      if (is_peer(limit->kind) || !limit->is_of(series.variant)) continue;
      const auto outcomes = over_attempts(series, *limit, c.class_of(limit->finding),
                                          [&](const Value& value) { return grade(*limit, value); });
      for (const Outcome& outcome : outcomes) {
        seen.push_back(observation_of(c, series, *limit, outcome, bound_held_against(*limit, outcome.grade)));
      }
    }
  }
  observe_peers(c, all, seen);
}

}  // namespace assay::verdict
