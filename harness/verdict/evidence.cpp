#include "harness/verdict/evidence.h"

#include <fmt/format.h>

#include <cmath>

#include "harness/telemetry/measures.h"
#include "harness/verdict/codes.h"

namespace assay::verdict {

const RequiredCheck* Case::required(const std::string& check) const {
  for (const RequiredCheck& required : criteria.required) {
    if (required.check == check) return &required;
  }
  return nullptr;
}

const Stage* Case::stage(int index) const {
  for (const Stage& stage : run.plan.stages) {
    if (stage.index == index) return &stage;
  }
  return nullptr;
}

FindingClass Case::class_of(const std::string& code) const {
  if (const FindingKind* kind = find_kind(criteria, code)) return kind->cls;
  return code == codes::device_hung ? FindingClass::device_fault : FindingClass::incomplete;
}

Severity Case::severity_of(FindingClass cls) const {
  return accuses(cls) ? Severity::fail : Severity::inconclusive;
}

std::vector<const Limit*> Case::limits(const std::string& check, const std::string& measurement) const {
  std::vector<const Limit*> found;
  for (const Limit& limit : criteria.limits) {
    if (limit.check == check && limit.measurement == measurement) found.push_back(&limit);
  }
  return found;
}

const std::string& check_of(const record::Step& step, const record::Measurement& measurement) {
  static const std::string telemetry = telemetry::kTelemetryCheck;
  return measurement.source == telemetry ? telemetry : step.check;
}

const std::vector<Part>& measured_parts(const RequiredCheck& required, const RequiredMeasure& measure) {
  if (!measure.parts.empty()) return measure.parts;
  return required.measured_parts.empty() ? required.parts : required.measured_parts;
}

Part join_part(const Part& part, const std::string& subcomponent) {
  return subcomponent.empty() ? part : part + "/" + subcomponent;
}

Part part_for_code(const std::string& code, const Part& part) {
  const bool memory = code.rfind("memory.", 0) == 0;
  return memory && gpu_slot(part) && subcomponent_of(part).empty() ? part + "/hbm" : part;
}

std::string text_of(const record::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const double number = std::get<double>(value);
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
  const bool integer = std::trunc(number) == number && std::fabs(number) < kExactIntegers;
  return integer ? fmt::format("{:.0f}", number) : fmt::format("{:.6g}", number);
}

}  // namespace assay::verdict
