// Every value as it was declared: known by name and part, in its unit, finite, and with a limit to be judged
// by.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "harness/model/finding_codes.h"
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {

const RequiredMeasure* find_measure(const RequiredCheck* required, const std::string& name) {
  if (required == nullptr) return nullptr;
  for (const RequiredMeasure& measure : required->measures) {
    if (measure.name == name) return &measure;
  }
  return nullptr;
}

/// "sm57" is one of "sm".
bool is_numbered(const std::string& subcomponent, const std::string& kind) {
  return subcomponent.size() > kind.size() && subcomponent.compare(0, kind.size(), kind) == 0 &&
         std::all_of(subcomponent.begin() + static_cast<std::ptrdiff_t>(kind.size()), subcomponent.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

bool belongs(const RequiredCheck& required, const RequiredMeasure& measure, const Part& part) {
  const std::vector<Part>& parts = measured_parts(required, measure);
  return std::any_of(parts.begin(), parts.end(), [&](const Part& measured) {
    if (!measure.numbered) return measured.below(measure.subcomponent) == part;
    return measured == part.unit() && is_numbered(part.subcomponent(), measure.subcomponent);
  });
}

bool is_finite(const Measurement& measurement, Unit unit) {
  if (unit == Unit::text) return std::holds_alternative<std::string>(measurement.value);
  if (const auto* number = std::get_if<double>(&measurement.value)) return std::isfinite(*number);
  return std::holds_alternative<bool>(measurement.value);
}

Observation about(const Step& step, const Measurement& measurement, const char* code, Phrase detail) {
  Observation observation;
  observation.code = code;
  observation.check = check_of(step, measurement);
  observation.step_part = observation.check == step.check ? step.part : measurement.part.unit();
  observation.part = observation.evidence.part = measurement.part;
  observation.evidence.step = step.id;
  observation.evidence.measurement = measurement.name;
  observation.evidence.value = measurement.value;
  observation.evidence.unit = measurement.unit;
  observation.evidence.detail = std::move(detail);
  return observation;
}

void observe_measurement(const Case& c, const Step& step, const Measurement& measurement,
                         std::vector<Observation>& seen) {
  const std::string& check = check_of(step, measurement);
  const RequiredCheck* required = c.required(check);
  const RequiredMeasure* measure = find_measure(required, measurement.name);
  if (measure == nullptr) {
    seen.push_back(about(step, measurement, codes::undeclared_measurement,
                         phrase("{} declares no {}", "{} 未声明 {}", check, measurement.name)));
    return;
  }
  if (!measure->judged) return;
  if (!belongs(*required, *measure, measurement.part)) {
    seen.push_back(
        about(step, measurement, codes::undeclared_measurement,
              phrase("{0} is not expected of {1}", "{1} 不应有 {0}", measurement.name, measurement.part)));
  }
  if (measurement.unit != symbol(measure->unit)) {
    seen.push_back(about(step, measurement, codes::wrong_unit,
                         phrase("{} is in '{}' and was declared in '{}'", "{} 的单位为“{}”，声明为“{}”",
                                measurement.name, measurement.unit, symbol(measure->unit))));
  } else if (!is_finite(measurement, measure->unit)) {
    seen.push_back(about(step, measurement, codes::not_finite,
                         phrase("{} is {}", "{} 为 {}", measurement.name, text_of(measurement.value))));
  }
}

/// A comparison with peers judges nothing where there is nobody to compare with.
bool can_judge(const Limit& limit, const RequiredCheck& required, const RequiredMeasure& measure) {
  if (limit.unit != measure.unit) return false;
  const std::vector<Part>& parts = measured_parts(required, measure);
  return !is_peer(limit.kind) || std::count_if(parts.begin(), parts.end(), has_peers) > 1;
}

/// As it was run: one without a name where that was in one way. None where it was not.
std::set<std::string> variants_of(const Case& c, const RequiredCheck& required) {
  std::set<std::string> variants;
  for (const Step& step : c.run.steps) {
    if (step.check == required.check) variants.insert(step.variant);
  }
  return variants;
}

void observe_limits_exist(const Case& c, const RequiredCheck& required, std::vector<Observation>& seen) {
  for (const RequiredMeasure& measure : required.measures) {
    if (!measure.judged) continue;
    const auto& limits = c.limits(required.check, measure.name);
    const std::set<std::string> variants = variants_of(c, required);
    const auto is_limited = [&](const auto& applies) {
      return std::any_of(limits.begin(), limits.end(), [&](const Limit* limit) {
        return applies(*limit) && can_judge(*limit, required, measure);
      });
    };
    const bool all_limited = std::all_of(variants.begin(), variants.end(), [&](const std::string& variant) {
      return is_limited([&](const Limit& limit) { return limit.is_of(required.check, variant); });
    });
    if (all_limited && is_limited([](const Limit&) { return true; })) continue;
    Observation observation;
    observation.code = codes::no_limit;
    observation.check = required.check;
    observation.part = observation.evidence.part = "node";
    observation.evidence.measurement = measure.name;
    observation.evidence.unit = std::string(symbol(measure.unit));
    observation.evidence.detail =
        phrase("nothing limits {}/{}", "{}/{} 没有限值", required.check, measure.name);
    seen.push_back(std::move(observation));
  }
}

}  // namespace

void observe_declarations(const Case& c, std::vector<Observation>& seen) {
  for (const Step& step : c.run.steps) {
    for (const Measurement& measurement : step.measurements) observe_measurement(c, step, measurement, seen);
  }
  for (const RequiredCheck& required : c.criteria.required) observe_limits_exist(c, required, seen);
}

}  // namespace assay::verdict
