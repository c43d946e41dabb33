#include "harness/verdict/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/model/finding_codes.h"
#include "harness/model/telemetry_measures.h"

namespace assay::verdict {

namespace {

/// The value of a key, or a default one that lives on.
template <typename Map, typename Key>
const typename Map::mapped_type& at_or_none(const Map& map, const Key& key) {
  static const typename Map::mapped_type none{};
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

Case::Case(const RunRecord& run_to_judge, const Criteria& by, const Triggered& triggered)
    : run(run_to_judge), criteria(by) {
  for (const RequiredCheck& check : criteria.required) required_.emplace(check.check, &check);
  for (const FindingKind& finding : criteria.findings) kinds_.emplace(finding.code, &finding);
  for (const Limit& limit : criteria.limits) limits_[{limit.check, limit.measurement}].push_back(&limit);
  for (const Step& step : run.steps) steps_[{step.check, step.part}].push_back(&step);
  for (const Stage& stage : run.plan.stages) {
    std::set<CheckAndPart> in_stage;
    for (const Placement& placement : stage.placements) {
      const bool due = !placement.condition || triggered.count({stage.index, placement.part}) != 0;
      for (const Body& body : placement.bodies) {
        placements_.emplace(task_of(stage.index, placement, body), &placement);
        if (due) in_stage.emplace(body.check, placement.part);
      }
    }
    for (const CheckAndPart& planned : in_stage) ++planned_[planned];
  }
}

const RequiredCheck* Case::required(const std::string& check) const {
  return at_or_none(required_, check);
}

const Placement* Case::placement(const Step& step) const {
  return at_or_none(placements_, task_of(step));
}

bool Case::works_at(const Step& step, const std::string& check) const {
  const Placement* const planned = placement(step);
  if (planned == nullptr) return false;
  return std::any_of(planned->bodies.begin(), planned->bodies.end(),
                     [&](const Body& body) { return body.check == check; });
}

const FindingKind* Case::kind(const FindingCode& code) const {
  return at_or_none(kinds_, code);
}

FindingClass Case::class_of(const FindingCode& code) const {
  if (const FindingKind* known = kind(code)) return known->cls;
  return code == codes::device_hung ? FindingClass::device_fault : FindingClass::incomplete;
}

Part Case::place_of(const FindingCode& code, const Part& part) const {
  const FindingKind* known = kind(code);
  const bool whole_gpu = part.gpu_slot() && part.subcomponent().empty();
  return known != nullptr && whole_gpu ? part.below(known->subcomponent) : part;
}

Severity Case::severity_of(FindingClass cls) const {
  return accuses(cls) ? Severity::fail : Severity::inconclusive;
}

const std::vector<const Limit*>& Case::limits(const std::string& check,
                                              const std::string& measurement) const {
  return at_or_none(limits_, std::make_pair(check, measurement));
}

const std::vector<const Step*>& Case::steps(const std::string& check, const Part& part) const {
  return at_or_none(steps_, CheckAndPart(check, part));
}

int Case::planned(const std::string& check, const Part& part) const {
  return at_or_none(planned_, CheckAndPart(check, part));
}

const std::string& check_of(const Step& step, const Measurement& measurement) {
  static const std::string telemetry = kTelemetryCheck;
  return measurement.source == telemetry ? telemetry : step.check;
}

const std::vector<Part>& measured_parts(const RequiredCheck& required, const RequiredMeasure& measure) {
  if (!measure.parts.empty()) return measure.parts;
  return required.measured_parts.empty() ? required.parts : required.measured_parts;
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const double number = std::get<double>(value);
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
  const bool integer = std::trunc(number) == number && std::fabs(number) < kExactIntegers;
  return integer ? fmt::format("{:.0f}", number) : fmt::format("{:.6g}", number);
}

std::string value_with_unit(const EvidenceItem& item) {
  const bool has_unit = item.unit != symbol(Unit::count) && item.unit != symbol(Unit::text);
  return has_unit ? text_of(*item.value) + " " + item.unit : text_of(*item.value);
}

}  // namespace assay::verdict
