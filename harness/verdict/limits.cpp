// Holds every measured value against the limits of its check and measurement.
#include <fmt/format.h>

#include <set>

#include "harness/model/whole_node.h"
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {

Value bound_held_against(const Limit& limit, Grade graded) {
  return graded == Grade::marginal && limit.marginal_bound ? Value(*limit.marginal_bound) : bound_of(limit);
}

}  // namespace

void observe_limits(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& not_judged) {
  std::set<std::string> of_fewer;
  const std::vector<Series> all = collect_series(c.run);
  for (const Series& series : all) {
    for (const Limit* limit : c.limits(series.check, series.measurement)) {
      if (is_peer(limit->kind) || !is_of(c, *limit, series)) continue;
      const FindingClass cls = c.class_of(limit->finding);
      if (!is_held_against(cls, c.run.plan, *series.samples.front().step, series.part)) {
        of_fewer.insert(series.check);
        continue;
      }
      const auto outcomes =
          over_attempts(series, *limit, cls, [&](const Value& value) { return grade(*limit, value); });
      for (const Outcome& outcome : outcomes) {
        seen.push_back(observation_of(c, series, *limit, outcome, bound_held_against(*limit, outcome.grade)));
      }
    }
  }
  for (const std::string& check : of_fewer)
    not_judged.push_back(
        phrase("{}: how fast the node is was not judged, for not all of its {} GPUs took part",
               "{}：未判定整机速度，因为 {} 个 GPU 未全部参与", check, c.run.plan.slots.size()));
  observe_peers(c, all, seen);
}

}  // namespace assay::verdict
