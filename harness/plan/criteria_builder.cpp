#include "harness/plan/criteria_builder.h"

#include <algorithm>

#include "harness/check.h"
#include "harness/telemetry/measures.h"

namespace assay {
namespace {

std::vector<Part> slot_parts(const config::Sku& sku) {
  std::vector<Part> parts;
  for (const config::Slot& slot : sku.slots) parts.push_back(slot.part);
  return parts;
}

std::vector<RequiredMeasure> required_measures(const config::Sku& sku, const std::string& check,
                                               const std::vector<Measure>& measures) {
  std::vector<RequiredMeasure> result;
  for (const Measure& measure : measures) {
    const bool available = sku.not_available.count(check + "/" + measure.name) == 0;
    RequiredMeasure required{
        measure.name, measure.unit, measure.subcomponent, measure.judged && available, {}};
    if (measure.of_node) required.parts = {"node"};
    result.push_back(std::move(required));
  }
  return result;
}

RequiredCheck required_check(const config::Sku& sku, const Check& check) {
  RequiredCheck required;
  required.check = check.name;
  required.measured_parts = slot_parts(sku);
  const bool per_gpu = check.scope == Scope::gpu || check.scope == Scope::gpu_serial;
  required.parts = per_gpu ? required.measured_parts : std::vector<Part>{"node"};
  required.measures = required_measures(sku, check.name, check.measures);
  return required;
}

RequiredCheck required_telemetry(const config::Sku& sku) {
  RequiredCheck required;
  required.check = telemetry::kTelemetryCheck;
  required.parts = required.measured_parts = slot_parts(sku);
  required.measures = required_measures(sku, required.check, telemetry::telemetry_measures());
  return required;
}

}  // namespace

Criteria build_criteria(const config::Sku& sku, const config::Profile& profile, const config::Site& site,
                        std::vector<FindingKind> findings) {
  Criteria criteria;
  criteria.sku = sku.name;
  criteria.profile = profile.name;
  criteria.certifiable = sku.certifiable;
  for (const config::ProfileCheck& entry : profile.checks) {
    const Check* check = find_check(entry.check);
    if (check == nullptr) continue;  // refused when the plan is made
    const auto known =
        std::find_if(criteria.required.begin(), criteria.required.end(),
                     [&](const RequiredCheck& required) { return required.check == entry.check; });
    if (known != criteria.required.end()) {
      ++known->occurrences;
    } else {
      criteria.required.push_back(required_check(sku, *check));
    }
  }
  // The last look is taken whatever was run, so that a profile of node checks has telemetry too.
  if (!criteria.required.empty()) criteria.required.push_back(required_telemetry(sku));
  criteria.limits = sku.limits;
  criteria.findings = std::move(findings);
  criteria.waivers = site.waivers;
  return criteria;
}

}  // namespace assay
