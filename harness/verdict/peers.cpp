// The node's GPUs, or its pairs of GPUs, against one another, at the same work.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/model/measurement_names.h"
#include "harness/model/quantile.h"
#include "harness/model/telemetry_measures.h"
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {
using Group =
    std::vector<const Series*>;  // the same measurement and subcomponent at the same stage, one a GPU

std::vector<Group> peer_groups(const Plan& plan, const std::vector<Series>& all) {
  std::map<std::tuple<std::string, std::string, int, std::string, std::string>, Group> groups;
  for (const Series& series : all) {
    if (!has_peers(series.part)) continue;
    groups[{series.check, series.measurement, group_of(plan, series.stage), series.part.subcomponent(),
            series.variant}]
        .push_back(&series);
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

/// An absolute limit on the same measurement that the value keeps.
bool holds_absolute_limit(const Case& c, const Series& series, Unit unit, const Value& value) {
  bool holds = false;
  for (const Limit* limit : c.limits(series.check, series.measurement)) {
    const bool as_it_is = !is_peer(limit->kind) && limit->per.empty();
    if (!as_it_is || limit->unit != unit || !is_of(c, *limit, series)) continue;
    if (grade(*limit, value) == Grade::fail) return false;
    holds = true;
  }
  return holds;
}

/// What each GPU's values are multiplied with, so that they are what they would be if all of the group had
/// the same of what the limit is `per`, in steps that went to their end. Empty where one has no such reading:
/// then values are compared as they are.
std::map<const Series*, double> factors_of(const Limit& limit, const Group& group,
                                           const SensorReadings& sensors) {
  std::map<const Series*, double> readings;
  std::vector<double> of_all;
  for (const Series* series : group) {
    if (numbers_of(*series, limit).empty()) continue;  // of a step that broke off: nothing is compared
    const std::optional<double> reading = sensors.beside(limit.per, *series);
    if (!reading) return {};
    of_all.push_back(readings[series] = *reading);
  }
  if (of_all.empty()) return {};
  const double common = median(of_all);
  for (auto& [series, reading] : readings) reading = common / reading;
  return readings;
}

using Medians = std::map<const Series*, double>;

/// Each GPU's over its attempts, made comparable.
template <typename Compared>
Medians medians_of(const Limit& limit, const Group& group, const Compared& compared) {
  Medians medians;
  for (const Series* series : group) {
    const std::vector<double> numbers = numbers_of(*series, limit);
    if (!numbers.empty()) medians[series] = compared(series, median(numbers));
  }
  return medians;
}

std::optional<double> median_of_others(const Medians& medians, const Series* one) {
  std::vector<double> others;
  for (const auto& [other, middle] : medians) {
    if (other != one) others.push_back(middle);
  }
  if (others.empty()) return std::nullopt;
  return median(std::move(others));
}

void observe_ratio(const Case& c, const Limit& limit, const Group& group, const SensorReadings& sensors,
                   std::vector<Observation>& seen) {
  const auto* ratio = std::get_if<double>(&limit.bound);
  if (ratio == nullptr) return;
  const auto factors =
      limit.per.empty() ? std::map<const Series*, double>{} : factors_of(limit, group, sensors);
  const auto factor_of = [&](const Series* series) {
    const auto found = factors.find(series);
    return found == factors.end() ? 1.0 : found->second;
  };
  const auto medians =
      medians_of(limit, group, [&](const Series* series, double value) { return value * factor_of(series); });
  for (const Series* series : group) {
    const std::optional<double> of_others = median_of_others(medians, series);
    if (!of_others) continue;
    const double reference = *of_others;
    const auto grade_value = [&](const Value& value) {
      const auto number = number_of(value);
      const double compared = number.value_or(0) * factor_of(series);
      if (!number || compared >= *ratio * reference || reference - compared <= limit.scale_floor)
        return Grade::pass;
      return holds_absolute_limit(c, *series, limit.unit, value) ? Grade::marginal : Grade::fail;
    };
    for (Outcome outcome : over_attempts(*series, limit, c.class_of(limit.finding), grade_value)) {
      if (!outcome.detail.empty()) outcome.detail += {"; ", "；"};
      outcome.detail += phrase("{0} of the other GPUs' median {1} {2}", "其余 GPU 中位数 {1} {2} 的 {0} 倍",
                               *ratio, text_of(reference), symbol(limit.unit));
      if (!factors.empty()) {
        const double compared = number_of(outcome.value).value_or(0) * factor_of(series);
        outcome.detail += phrase(", all at the same {}: {} {} here", "，折算到相同的{}：本卡为 {} {}",
                                 phrase_of_measurement(limit.per), text_of(compared), symbol(limit.unit));
      }
      seen.push_back(observation_of(c, *series, limit, outcome, *ratio * reference / factor_of(series)));
    }
  }
}

/// What is too much more than the others have has no absolute limit beside it that could make it marginal:
/// they share what makes all of them more, a warm room.
void observe_excess(const Case& c, const Limit& limit, const Group& group, std::vector<Observation>& seen) {
  const auto* most = std::get_if<double>(&limit.bound);
  if (most == nullptr) return;
  const auto air_of = [&](const Series* series) {
    const auto found = c.criteria.warmer_air_c.find(series->part.unit());
    return limit.less_air && found != c.criteria.warmer_air_c.end() ? found->second : 0.0;
  };
  const auto medians =
      medians_of(limit, group, [&](const Series* series, double value) { return value - air_of(series); });
  for (const Series* series : group) {
    const std::optional<double> reference = median_of_others(medians, series);
    if (!reference) continue;
    const double bound = *reference + *most + air_of(series);
    const auto grade_value = [&](const Value& value) {
      const auto number = number_of(value);
      return number && *number <= bound ? Grade::pass : Grade::fail;
    };
    for (Outcome outcome : over_attempts(*series, limit, c.class_of(limit.finding), grade_value)) {
      if (!outcome.detail.empty()) outcome.detail += {"; ", "；"};
      outcome.detail += phrase("the other GPUs' median is {} {}, and {} more is allowed",
                               "其余 GPU 中位数为 {} {}，允许高出 {}", text_of(*reference),
                               symbol(limit.unit), text_of(*most));
      if (const double air = air_of(series); air > 0)
        outcome.detail += phrase(", and {} for the air of its slot", "，该槽位进风再加 {}", text_of(air));
      seen.push_back(observation_of(c, *series, limit, outcome, bound));
    }
  }
}

/// What more than half of the GPUs say, in all their attempts.
std::optional<Value> majority_of(const Group& group) {
  std::map<Value, std::size_t> agreeing;
  for (const Series* series : group) {
    const Value& value = series->samples.front().measurement->value;
    const bool always = std::all_of(series->samples.begin(), series->samples.end(),
                                    [&](const Sample& sample) { return sample.measurement->value == value; });
    if (always && ++agreeing[value] * 2 > group.size()) return value;
  }
  return std::nullopt;
}

std::string all_values(const Group& group) {
  std::string text;
  for (const Series* series : group) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", series->part.unit(),
                        text_of(series->samples.front().measurement->value));
  }
  return text;
}

void observe_equality(const Case& c, const Limit& limit, const Group& group, std::vector<Observation>& seen) {
  const auto majority = majority_of(group);
  if (majority) {
    for (const Series* series : group) {
      for (const Sample& sample : series->samples) {
        const Value& value = sample.measurement->value;
        if (value == *majority) continue;
        const Outcome outcome{Grade::fail, sample, value,
                              phrase("this one {}, most of the node's GPUs {}",
                                     "本卡为 {}，本节点多数 GPU 为 {}", text_of(value), text_of(*majority))};
        seen.push_back(observation_of(c, *series, limit, outcome, *majority));
      }
    }
    return;
  }
  // Nobody can say who is right: the node disagrees with itself.
  const Series& first = *group.front();
  const Sample& sample = first.samples.front();
  Outcome outcome{Grade::fail, sample, sample.measurement->value, all_values(group)};
  Observation observation = observation_of(c, first, limit, outcome, outcome.value);
  observation.part = observation.evidence.part = "node";
  observation.evidence.value.reset();
  observation.evidence.limit.reset();
  seen.push_back(std::move(observation));
}

Group in_unit_of(const Limit& limit, const Group& group) {
  Group kept;
  for (const Series* series : group) {
    if (series->samples.front().measurement->unit == symbol(limit.unit)) kept.push_back(series);
  }
  return kept;
}

}  // namespace

void observe_peers(const Case& c, const std::vector<Series>& all, const SensorReadings& sensors,
                   std::vector<Observation>& seen) {
  for (const Group& group : peer_groups(c.run.plan, all)) {
    for (const Limit* limit : c.limits(group.front()->check, group.front()->measurement)) {
      if (!is_peer(limit->kind) || !is_of(c, *limit, *group.front())) continue;
      const Group peers = in_unit_of(*limit, group);
      if (peers.size() < 2) continue;
      if (limit->kind == LimitKind::peer_ratio) {
        observe_ratio(c, *limit, peers, sensors, seen);
      } else if (limit->kind == LimitKind::peer_excess) {
        observe_excess(c, *limit, peers, seen);
      } else {
        observe_equality(c, *limit, peers, seen);
      }
    }
  }
}

}  // namespace assay::verdict
