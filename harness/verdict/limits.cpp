// Holds every measured value against the limits of its check and measurement.
#include <fmt/format.h>

#include <optional>
#include <set>

#include "harness/model/whole_node.h"
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {

Value bound_held_against(const Limit& limit, Grade graded) {
  return graded == Grade::marginal && limit.marginal_bound ? Value(*limit.marginal_bound) : bound_of(limit);
}

/// What the value is multiplied with to be what it would be at the reading that the limit is at; nothing
/// where there is no such reading.
std::optional<double> factor_of(const Limit& limit, const Series& series, const SensorReadings& sensors) {
  if (limit.per.empty()) return 1;
  const auto reading = sensors.beside(limit.per, series);
  return reading ? std::optional(limit.at / *reading) : std::nullopt;
}

Value scaled(const Value& value, double factor) {
  const auto* number = std::get_if<double>(&value);
  return number == nullptr ? value : Value(*number * factor);
}

}  // namespace

void observe_limits(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& not_judged) {
  std::set<std::string> of_fewer;
  const std::vector<Series> all = collect_series(c.run);
  const SensorReadings sensors(all);
  for (const Series& series : all) {
    for (const Limit* limit : c.limits(series.check, series.measurement)) {
      if (is_peer(limit->kind) || !is_of(c, *limit, series)) continue;
      const FindingClass cls = c.class_of(limit->finding);
      if (!is_held_against(cls, c.run.plan, *series.samples.front().step, series.part)) {
        of_fewer.insert(series.check);
        continue;
      }
      const auto factor = factor_of(*limit, series, sensors);
      if (!factor) continue;
      const auto outcomes = over_attempts(
          series, *limit, cls, [&](const Value& value) { return grade(*limit, scaled(value, *factor)); });
      for (const Outcome& outcome : outcomes) {
        const Value bound = bound_held_against(*limit, outcome.grade);
        seen.push_back(observation_of(c, series, *limit, outcome, scaled(bound, 1 / *factor)));
      }
    }
  }
  for (const std::string& check : of_fewer)
    not_judged.push_back(
        phrase("{}: how fast the node is was not judged, for not all of its {} GPUs took part",
               "{}：未判定整机速度，因为 {} 个 GPU 未全部参与", check, c.run.plan.slots.size()));
  observe_peers(c, all, sensors, seen);
}

}  // namespace assay::verdict
