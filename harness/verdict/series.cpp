#include "harness/verdict/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "harness/model/attempts.h"
#include "harness/model/declaration.h"
#include "harness/model/quantile.h"

namespace assay::verdict {

namespace {

bool is_comparable(const Measurement& measurement) {
  const bool text = measurement.unit == symbol(Unit::text);
  if (text != std::holds_alternative<std::string>(measurement.value)) return false;
  const auto* number = std::get_if<double>(&measurement.value);
  return number == nullptr || std::isfinite(*number);
}

const Value& value_of(const Sample& sample) {
  return sample.measurement->value;
}

bool is_worse(const Limit& limit, double value, double other) {
  if (limit.kind == LimitKind::max || limit.kind == LimitKind::peer_excess) return value > other;
  if (limit.kind == LimitKind::equal)
    return Value(value) != std::visit([](auto b) { return Value(b); }, limit.bound);
  return value < other;
}

/// What the sample's step says of the part, where it says something: the last word, which knows most.
Phrase culprit_in(const Sample& sample) {
  Phrase culprit;
  for (const Measurement& measurement : sample.step->measurements) {
    const auto* text = std::get_if<std::string>(&measurement.value);
    if (text == nullptr || measurement.part != sample.measurement->part) continue;
    if (measurement.name == kCulprit) culprit = *text;
    if (measurement.name == kCulpritInChinese) culprit.chinese = *text;
  }
  return culprit;
}

std::vector<Sample> in_unit(const Series& series, const Limit& limit) {
  std::vector<Sample> samples;
  for (const Sample& sample : series.samples) {
    // A step that broke off was not at work to its end.
    const bool counts = limit.during.empty() || sample.step->status == Status::complete;
    if (counts && sample.measurement->unit == symbol(limit.unit)) samples.push_back(sample);
  }
  return samples;
}

}  // namespace

std::vector<Series> collect_series(const RunRecord& run) {
  std::map<std::tuple<std::string, std::string, int, Part, std::string>, Series> found;
  const std::vector<int> numbers = measurement_numbers(run);
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const Step& step = run.steps[i];
    for (const Measurement& measurement : step.measurements) {
      if (!is_comparable(measurement)) continue;
      const std::string& check = check_of(step, measurement);
      Series& series = found[{check, measurement.name, step.stage, measurement.part, step.variant}];
      series.check = check;
      series.variant = step.variant;
      series.measurement = measurement.name;
      series.stage = step.stage;
      series.part = measurement.part;
      series.samples.push_back({&step, &measurement, numbers[i]});
    }
  }
  std::vector<Series> all;
  for (auto& [key, series] : found) {
    std::stable_sort(series.samples.begin(), series.samples.end(),
                     [](const Sample& a, const Sample& b) { return a.step->attempt < b.step->attempt; });
    all.push_back(std::move(series));
  }
  return all;
}

bool is_of(const Case& c, const Limit& limit, const Series& series) {
  if (limit.during.empty()) return limit.is_of(series.check, series.variant);
  return c.works_at(*series.samples.front().step, limit.during);
}

SensorReadings::SensorReadings(const std::vector<Series>& all) {
  for (const Series& series : all) {
    if (series.check == kTelemetryCheck) of_.try_emplace(key(series.measurement, series), &series);
  }
}

SensorReadings::Key SensorReadings::key(const std::string& measurement, const Series& series) {
  return {measurement, series.stage, series.part.unit().path()};
}

std::optional<double> SensorReadings::beside(const std::string& measurement, const Series& beside) const {
  const auto found = of_.find(key(measurement, beside));
  if (found == of_.end()) return std::nullopt;
  std::vector<double> values;
  for (const Sample& sample : found->second->samples) {
    const auto value = number_of(value_of(sample));
    if (value && *value > 0 && sample.step->status == Status::complete) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return median(values);
}

bool has_peers(const Part& part) {
  return part.gpu_slot() || part.is_pair();
}

std::vector<double> numbers_of(const Series& series, const Limit& limit) {
  std::map<int, double> worst;  // by measurement
  for (const Sample& sample : in_unit(series, limit)) {
    const auto number = number_of(value_of(sample));
    if (!number) return {};
    const auto [known, added] = worst.emplace(sample.number, *number);
    if (!added && is_worse(limit, *number, known->second)) known->second = *number;
  }
  std::vector<double> numbers;
  for (const auto& [measurement, number] : worst) numbers.push_back(number);
  return numbers;
}

std::vector<Outcome> over_attempts(const Series& series, const Limit& limit, FindingClass cls,
                                   const std::function<Grade(const Value&)>& grade_value) {
  const std::vector<Sample> samples = in_unit(series, limit);
  if (samples.empty()) return {};
  const std::vector<double> numbers = numbers_of(series, limit);
  const bool by_median = cls == FindingClass::performance && !numbers.empty();
  std::vector<Outcome> outcomes;
  for (const Sample& sample : samples) {
    const Grade graded = grade_value(value_of(sample));
    const bool first = sample.number == samples.front().number;
    const bool stands = by_median ? first && graded == Grade::fail : graded != Grade::pass;
    if (stands) outcomes.push_back({graded, sample, value_of(sample), {}});
  }
  if (!by_median || !outcomes.empty()) return outcomes;
  const double middle = median(numbers);
  const Grade graded = grade_value(middle);
  if (graded == Grade::pass) return {};
  const Phrase detail = numbers.size() > 1
                            ? phrase("median of {} measurements", "{} 次测量的中位数", numbers.size())
                            : Phrase();
  return {{graded, samples.back(), middle, detail}};
}

Observation observation_of(const Case& c, const Series& series, const Limit& limit, const Outcome& outcome,
                           const Value& bound) {
  const FindingClass cls = c.class_of(limit.finding);
  Observation observation;
  observation.code = limit.finding;
  observation.severity = outcome.grade == Grade::marginal ? Severity::marginal : c.severity_of(cls);
  observation.check = series.check;
  const bool own = series.check == outcome.sample.step->check;
  observation.step_part = own ? outcome.sample.step->part : series.part.unit();
  observation.part = observation.evidence.part = c.place_of(limit.finding, series.part);
  observation.evidence.step = outcome.sample.step->id;
  observation.evidence.measurement = series.measurement;
  observation.evidence.value = outcome.value;
  observation.evidence.limit = bound;
  observation.evidence.unit = std::string(symbol(limit.unit));
  observation.evidence.relation = std::string(name_of(limit.kind));
  observation.evidence.source = limit.date.empty() ? limit.source : limit.source + ", " + limit.date;
  observation.evidence.detail = outcome.detail.empty() ? culprit_in(outcome.sample) : outcome.detail;
  return observation;
}

}  // namespace assay::verdict
