#include "harness/plan/criteria_builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/model/telemetry_measures.h"
#include "harness/plan/placing.h"
#include "harness/plan/variants.h"
#include "harness/registry.h"

namespace assay {
namespace {

std::vector<Part> slot_parts(const config::Sku& sku) {
  std::vector<Part> parts;
  for (const config::Slot& slot : sku.slots) parts.push_back(slot.part);
  return parts;
}

std::vector<Part> pairs_of(const std::vector<Part>& slots) {
  std::vector<Part> pairs;
  for (const auto& round : rounds_of_pairs(static_cast<int>(slots.size()))) {
    for (const auto& [a, b] : round)
      pairs.push_back(Part::pair(slots[static_cast<std::size_t>(a)], slots[static_cast<std::size_t>(b)]));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

/// Where they differ from those that the check measures else.
std::vector<Part> parts_of(const config::Sku& sku, Of of) {
  std::vector<Part> switches;
  switch (of) {
    case Of::parts:
      return {};
    case Of::gpus:
      return slot_parts(sku);
    case Of::pairs:
      return pairs_of(slot_parts(sku));
    case Of::switches:
      for (int i = 0; i < sku.nvswitches; ++i) switches.push_back(Part::nvswitch(i));
      return switches;
    case Of::node:
      break;
  }
  return {"node"};
}

bool is_available(const config::Sku& sku, const std::string& check, const std::string& measure) {
  return sku.not_available.count(check + "/" + measure) == 0;
}

std::vector<RequiredMeasure> required_measures(const config::Sku& sku, const std::string& check,
                                               const std::vector<Measure>& measures) {
  std::vector<RequiredMeasure> result;
  for (const Measure& measure : measures) {
    const bool available = is_available(sku, check, measure.name);
    result.push_back({measure.name, measure.unit, measure.subcomponent, measure.judged && available,
                      parts_of(sku, measure.of), measure.numbered, measure.may_lack, ""});
  }
  return result;
}

/// Parts of the steps that a whole node of this SKU has, each once.
std::vector<Part> parts_of_steps(Scope scope, const std::vector<Part>& slots) {
  std::vector<Part> parts;
  for (const std::vector<Placement>& stage : place(scope, slots)) {
    for (const Placement& placement : stage) parts.push_back(placement.part);
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

RequiredCheck required_check(const config::Sku& sku, const Check& check) {
  RequiredCheck required;
  required.check = check.name;
  required.parts = parts_of_steps(check.scope, slot_parts(sku));
  const bool of_pairs = check.scope == Scope::pair || check.scope == Scope::all_pairs;
  required.measured_parts = of_pairs ? pairs_of(slot_parts(sku)) : slot_parts(sku);
  required.follow_up = check.follows.has_value();
  required.measures = required_measures(sku, check.name, check.measures);
  return required;
}

void require(const config::Sku& sku, const std::string& name, std::vector<RequiredCheck>& all) {
  const Check* check = find_check(name);
  if (check == nullptr) return;  // refused when the plan is made
  const int times = static_cast<int>(variants_run(*check, sku).size());
  if (times == 0) return;
  const auto known = std::find_if(all.begin(), all.end(),
                                  [&](const RequiredCheck& required) { return required.check == name; });
  if (known != all.end()) {
    known->occurrences += times;
  } else {
    all.push_back(required_check(sku, *check));
    all.back().occurrences = times;
  }
}

/// What overlaps with a check that the SKU does not have is not run either.
bool is_run(const config::ProfileEntry& entry, const config::Sku& sku) {
  const Check* const first = find_check(entry.bodies.front().check);
  return first == nullptr || !variants_run(*first, sku).empty();
}

RequiredCheck required_telemetry(const config::Sku& sku) {
  RequiredCheck required;
  required.check = kTelemetryCheck;
  required.parts = required.measured_parts = slot_parts(sku);
  required.measures = required_measures(sku, required.check, telemetry_measures());
  return required;
}

/// The SKU's limits of network ports, with the numbers of the site.
void expect_ports(const config::Site& site, std::vector<Limit>& limits) {
  for (const auto& [rate, count] : site.network_ports) {
    for (Limit& limit : limits) {
      if (limit.check != "inventory.host" || limit.measurement != fmt::format("ports_{}g", rate)) continue;
      limit.bound = static_cast<double>(count);
      limit.source = "the site's file, [network]";
    }
  }
}

constexpr const char *kOfFirmware = "the site's file, [firmware]",
                     *kOfPeerTraffic = "the site's file, [peer_traffic]";

/// What the site expects must be read, too: what nobody knows is not what it expects.
void require_measure(const std::string& check_name, const std::string& name, const std::string& asked_by,
                     std::vector<RequiredCheck>& required) {
  for (RequiredCheck& check : required) {
    for (RequiredMeasure& measure : check.measures) {
      if (check.check != check_name || measure.name != name) continue;
      measure.judged = true;
      measure.may_lack = false;
      measure.asked_by = asked_by;
    }
  }
}

/// The driver is a package of the node's operating system, and brings the GPUs' GSP firmware along.
const char* finding_of_version(const std::string& measure) {
  if (measure == "driver") return "environment.driver_not_agreed";
  if (measure == "gsp_firmware") return "environment.gsp_firmware_not_agreed";
  return "inventory.firmware_not_agreed";
}

void expect_firmware(const config::Site& site, const config::Sku& sku, Criteria& criteria) {
  for (const auto& [name, versions] : site.firmware) {
    std::vector<std::string> of_checks;
    for (const RequiredCheck& check : criteria.required) {
      const bool has = std::any_of(check.measures.begin(), check.measures.end(),
                                   [&](const RequiredMeasure& measure) { return measure.name == name; });
      if (!has || check.check.rfind("inventory.", 0) != 0 || !is_available(sku, check.check, name)) continue;
      Limit limit;
      limit.check = check.check;
      limit.measurement = name;
      limit.kind = LimitKind::one_of;
      limit.unit = Unit::text;
      limit.bound = fmt::format("{}", fmt::join(versions, kAlternative));
      limit.finding = finding_of_version(name);
      limit.source = kOfFirmware;
      criteria.limits.push_back(limit);
      of_checks.push_back(check.check);
    }
    for (const std::string& check : of_checks) require_measure(check, name, kOfFirmware, criteria.required);
  }
}

/// The SKU's limits of what stands in the way of direct traffic are loose: not every site needs it.
void expect_peer_traffic(const config::Site& site, Criteria& criteria) {
  for (Limit& limit : criteria.limits) {
    if (!site.direct_peer_traffic || limit.finding != "settings.peer_traffic") continue;
    limit.bound = 0.0;
    limit.source = kOfPeerTraffic;
    require_measure(limit.check, limit.measurement, kOfPeerTraffic, criteria.required);
  }
}

/// What stands in the way of direct traffic (suites/inventory/host.cpp).
constexpr const char* kInTheWay[] = {"acs_redirects", "iommu_translates"};

std::map<std::string, std::string> unmet_wishes(const config::Site& site, const config::Sku& sku) {
  std::map<std::string, std::string> unmet;
  for (const auto& [what, why] : sku.not_available) {
    const std::string measure = what.substr(what.find('/') + 1);
    const bool is_wished = what.rfind("inventory.", 0) == 0 &&
                           (site.firmware.count(measure) != 0 ||
                            (site.direct_peer_traffic && std::find(std::begin(kInTheWay), std::end(kInTheWay),
                                                                   measure) != std::end(kInTheWay)));
    if (is_wished) unmet[what] = why;
  }
  return unmet;
}

}  // namespace

Criteria build_criteria(const config::Sku& sku, const config::Profile& profile, const config::Site& site,
                        std::vector<FindingKind> findings) {
  Criteria criteria;
  criteria.sku = sku.name;
  criteria.profile = profile.name;
  criteria.certifiable = sku.certifiable;
  for (const config::ProfileEntry& entry : profile.checks) {
    if (!is_run(entry, sku)) continue;
    for (const Body& body : entry.bodies) require(sku, body.check, criteria.required);
  }
  // The last look is taken whatever was run, so that a profile of node checks has telemetry too.
  if (!criteria.required.empty()) criteria.required.push_back(required_telemetry(sku));
  const std::string state = profile.in_service ? kInService : kDelivered;
  for (const Limit& limit : sku.limits) {
    if (!limit.when.empty() && limit.when != state) continue;
    criteria.limits.push_back(limit);
    criteria.limits.back().when.clear();
  }
  expect_ports(site, criteria.limits);
  expect_firmware(site, sku, criteria);
  expect_peer_traffic(site, criteria);
  criteria.findings = std::move(findings);
  criteria.waivers = site.waivers;
  criteria.warmer_air_c = site.warmer_air_c;
  criteria.unmet_wishes = unmet_wishes(site, sku);
  return criteria;
}

}  // namespace assay
