#include "harness/plan/planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/model/shared_gpus.h"
#include "harness/plan/estimate.h"
#include "harness/plan/placing.h"
#include "harness/plan/sharing.h"
#include "harness/plan/variants.h"
#include "harness/registry.h"

namespace assay {
namespace {

/// Deadline over estimate: an estimate is good to a tenth, and a check goes on measuring what is noisy.
constexpr double kLeastMargin = 1.5;

const GpuReadings* with_address(const NodeReadings& readings, const std::string& address) {
  for (const GpuReadings& gpu : readings.gpus) {
    if (gpu.identity.pci_address.value == address) return &gpu;
  }
  return nullptr;
}

const GpuReadings* with_module(const NodeReadings& readings, int module_id) {
  for (const GpuReadings& gpu : readings.gpus) {
    if (gpu.identity.module_id.value == module_id) return &gpu;
  }
  return nullptr;
}

/// Of GPUs that the driver refuses to be asked about, nobody expects to know it.
bool any_module_known(const NodeReadings& readings) {
  return std::any_of(readings.gpus.begin(), readings.gpus.end(), [](const GpuReadings& gpu) {
    return !gpu.lost.empty() || gpu.identity.module_id.has_value();
  });
}

PlannedSlot planned(const config::Slot& slot, const GpuReadings* gpu) {
  PlannedSlot result;
  result.part = slot.part;
  result.module_id = slot.module_id;
  if (gpu == nullptr) return result;
  const GpuIdentity& identity = gpu->identity;
  result.pci_address = identity.pci_address.value.value_or("");
  result.serial = identity.serial.value.value_or("");
  result.uuid = identity.uuid.value.value_or("");
  result.board_part_number = identity.board_part_number.value.value_or("");
  result.name = identity.name.value.value_or("");
  return result;
}

/// A site's file for another chassis would have sound GPUs reported as missing: where it names an address
/// that nothing has, while a GPU answers from an address that it does not name, the file is to be doubted
/// first.
void require_plausible_site(const config::Sku& sku, const config::Site& site, const NodeReadings& readings) {
  if (site.slot_pci_addresses.empty()) return;
  std::string empty_slot, unnamed;
  for (const auto& [part, address] : site.slot_pci_addresses) {
    if (with_address(readings, address) == nullptr) empty_slot = fmt::format("{} {}", part, address);
  }
  for (const GpuReadings& gpu : readings.gpus) {
    const std::string address = gpu.identity.pci_address.value.value_or("");
    const bool named = std::any_of(site.slot_pci_addresses.begin(), site.slot_pci_addresses.end(),
                                   [&](const auto& slot) { return slot.second == address; });
    const bool by_module = std::any_of(sku.slots.begin(), sku.slots.end(), [&](const config::Slot& slot) {
      return site.slot_pci_addresses.count(slot.part) == 0 && gpu.identity.module_id.value == slot.module_id;
    });
    if (!named && !by_module) unnamed = address;
  }
  if (empty_slot.empty() || unnamed.empty()) return;
  throw PlanError(fmt::format(
      "the site's file is of another chassis: nothing is at {}, and a GPU answers from {}, which it does "
      "not name",
      empty_slot, unnamed));
}

bool matches_any(const std::string& check, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return fnmatch(glob.c_str(), check.c_str(), 0) == 0; });
}

/// Slots with a GPU in them, of those that were asked for.
std::vector<Part> chosen_gpus(const PlanRequest& request, const std::vector<PlannedSlot>& slots) {
  std::vector<Part> parts;
  for (const PlannedSlot& slot : slots) {
    const int number = slot.part.gpu_slot().value_or(-1);
    const bool chosen =
        request.gpus.empty() || std::count(request.gpus.begin(), request.gpus.end(), number) != 0;
    if (chosen && !slot.pci_address.empty()) parts.push_back(slot.part);
  }
  return parts;
}

void require_known_gpus(const PlanRequest& request) {
  for (const int number : request.gpus) {
    const bool known = std::any_of(request.sku.slots.begin(), request.sku.slots.end(),
                                   [&](const config::Slot& slot) { return slot.part == Part::gpu(number); });
    if (!known) {
      throw PlanError(fmt::format("--gpus {}: SKU {} has slots 0 to {}", number, request.sku.name,
                                  request.sku.slots.size() - 1));
    }
  }
}

void require_matching_globs(const PlanRequest& request) {
  for (const std::string& glob : request.only) {
    std::vector<std::string> names;
    for (const auto& entry : request.profile.checks) {
      for (const Body& body : entry.bodies) names.push_back(body.check);
    }
    if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return matches_any(name, {glob}); }))
      continue;
    throw PlanError(fmt::format("--only {}: profile {} has no such check; it has {}", glob,
                                request.profile.name,
                                fmt::join(std::set<std::string>(names.begin(), names.end()), ", ")));
  }
}

const Check& check_of(const PlanRequest& request, const std::string& name) {
  const Check* check = find_check(name);
  if (check == nullptr) throw PlanError("profile " + request.profile.name + ": no check named " + name);
  return *check;
}

bool is_chosen(const PlanRequest& request, const config::ProfileEntry& entry) {
  return std::any_of(entry.bodies.begin(), entry.bodies.end(),
                     [&](const Body& body) { return is_named(body.check, request.only); });
}

/// A run of which nothing is left would be one of nothing.
void require_something_to_run(const PlanRequest& request) {
  const std::string* why_not = nullptr;
  for (const config::ProfileEntry& entry : request.profile.checks) {
    if (!is_chosen(request, entry)) continue;
    for (const Body& body : entry.bodies) {
      const Check& check = check_of(request, body.check);
      if (!variants_run(check, request.sku).empty()) return;
      why_not = config::why_not_run(request.sku, check.name, "");
    }
  }
  if (why_not != nullptr)
    throw PlanError(fmt::format("SKU {} runs none of these checks: {}", request.sku.name, *why_not));
}

/// All stages of one entry of the profile; none without a GPU to run it on, or a second one where it takes
/// two: the judge misses it, and inventory or the run's notes say why.
void add_stages(const PlanRequest& request, const config::ProfileEntry& entry, const std::vector<Part>& gpus,
                std::vector<Stage>& stages) {
  const Check& check = check_of(request, entry.bodies.front().check);
  const int ranks_per_gpu = check.uses_nccl ? request.sku.ranks_per_gpu : 1;
  // A rank alone copies, by none of NCCL's algorithms, and has nobody to be compared with.
  if (check.uses_nccl && gpus.size() * static_cast<std::size_t>(ranks_per_gpu) < 2) return;
  for (const Variant& variant : variants_run(check, request.sku)) {
    const int group = static_cast<int>(stages.size());
    for (std::vector<Placement>& together : place(check.scope, gpus, ranks_per_gpu)) {
      Stage stage;
      stage.index = static_cast<int>(stages.size());
      stage.group = group;
      for (Placement& placement : together) {
        placement.bodies = entry.bodies;
        placement.bodies.front().variant = variant.name;  // others that overlap with it have none
        for (Body& body : placement.bodies) body.memory_share /= ranks_of_a_gpu(placement);
        placement.environment = variant.environment;
        placement.condition = check.follows;
        placement.last_stage = stage.index;
      }
      stage.placements = std::move(together);
      share_resources(stage, [&](const std::string& name) { return check_of(request, name).loads; });
      for (const Placement& placement : stage.placements)
        stage.estimate_s = std::max(stage.estimate_s, estimate_of(placement, request.sku.speed));
      stage.energy_j = energy_of(stage.placements, static_cast<int>(request.sku.slots.size()),
                                 stage.estimate_s, request.sku.speed.power);
      stage.deadline_s = entry.deadline_s;
      if (stage.deadline_s < kLeastMargin * stage.estimate_s) {
        throw PlanError(fmt::format(
            "profile {}: {} is stopped after {} s and takes about {:.0f} s on {}: a good GPU would fail",
            request.profile.name, check.name, stage.deadline_s, stage.estimate_s, request.sku.name));
      }
      stages.push_back(std::move(stage));
    }
  }
}

std::vector<Stage> make_stages(const PlanRequest& request, const std::vector<Part>& gpus) {
  const std::vector<config::ProfileEntry>& entries = request.profile.checks;
  std::vector<Stage> stages;
  std::vector<int> begin, end;  // of each entry's stages
  for (const config::ProfileEntry& entry : entries) {
    begin.push_back(static_cast<int>(stages.size()));
    if (is_chosen(request, entry)) add_stages(request, entry, gpus, stages);
    end.push_back(static_cast<int>(stages.size()));
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].stays_for == 0) continue;
    const std::size_t last = std::min(i + static_cast<std::size_t>(entries[i].stays_for), entries.size() - 1);
    for (int stage = begin[i]; stage < end[i]; ++stage) {
      for (Placement& placement : stages[static_cast<std::size_t>(stage)].placements)
        placement.last_stage = std::max(stage, end[last] - 1);
    }
  }
  return stages;
}

/// Otherwise a GPU that is missing would look as if it were there, and its fault as if it were another's.
void require_one_slot_a_gpu(const std::vector<PlannedSlot>& slots) {
  std::map<std::string, Part> taken;  // by PCI address
  for (const PlannedSlot& slot : slots) {
    if (slot.pci_address.empty()) continue;
    const auto [other, first] = taken.emplace(slot.pci_address, slot.part);
    if (first) continue;
    throw PlanError(fmt::format(
        "the GPU at {} would be in two slots, {} and {}: name the addresses of both in the site's file",
        slot.pci_address, other->second, slot.part));
  }
}

/// A slot that the SKU lacks is a slip of the site's file, or a file for another SKU.
void require_known_slots(const config::Sku& sku, const config::Site& site) {
  const auto require = [&](const Part& part) {
    const bool known = std::any_of(sku.slots.begin(), sku.slots.end(),
                                   [&](const config::Slot& slot) { return slot.part == part; });
    if (!known)
      throw PlanError(fmt::format("the site's file names {}, and SKU {} has no such slot", part, sku.name));
  };
  for (const auto& [part, address] : site.slot_pci_addresses) require(part);
  for (const auto& [part, warmer_c] : site.warmer_air_c) require(part);
}

}  // namespace

std::vector<PlannedSlot> assign_slots(const config::Sku& sku, const config::Site& site,
                                      const NodeReadings& readings) {
  const bool by_module =
      std::any_of(sku.slots.begin(), sku.slots.end(), [](const auto& s) { return s.module_id != 0; });
  if (by_module && site.slot_pci_addresses.empty() && !readings.gpus.empty() && !any_module_known(readings)) {
    throw PlanError(
        fmt::format("which GPU is in which slot cannot be told: the driver gives no module ids, and no site "
                    "file names the slots' PCI "
                    "addresses (--site FILE, [slot_pci_addresses])"));
  }
  require_known_slots(sku, site);
  require_plausible_site(sku, site, readings);
  std::vector<PlannedSlot> slots;
  std::size_t next = 0;
  for (const config::Slot& slot : sku.slots) {
    const auto address = site.slot_pci_addresses.find(slot.part);
    if (address != site.slot_pci_addresses.end()) {
      slots.push_back(planned(slot, with_address(readings, address->second)));
    } else if (slot.module_id != 0) {
      slots.push_back(planned(slot, with_module(readings, slot.module_id)));
    } else {
      slots.push_back(planned(slot, next < readings.gpus.size() ? &readings.gpus[next] : nullptr));
      ++next;
    }
  }
  require_one_slot_a_gpu(slots);
  return slots;
}

bool is_named(const std::string& check, const std::vector<std::string>& only) {
  return only.empty() || matches_any(check, only);
}

Plan make_plan(const PlanRequest& request) {
  require_known_gpus(request);
  require_matching_globs(request);
  require_something_to_run(request);
  Plan plan;
  plan.assay_version = ASSAY_VERSION;
  plan.sku = request.sku.name;
  plan.profile = request.profile.name;
  plan.node = request.node;
  plan.simulated = request.simulated;
  plan.certifiable = request.sku.certifiable;
  if (!request.only.empty()) plan.partial.push_back(fmt::format("--only {}", fmt::join(request.only, ",")));
  if (!request.gpus.empty()) plan.partial.push_back(fmt::format("--gpus {}", fmt::join(request.gpus, ",")));
  plan.seed = request.seed;
  plan.sample_hz = request.profile.sample_hz;
  plan.idle_timeout_s = request.profile.idle_timeout_s;
  plan.settling = request.sku.settling;
  plan.slots = assign_slots(request.sku, request.site, request.readings);
  plan.stages = make_stages(request, chosen_gpus(request, plan.slots));
  if (plan.stages.empty() && !request.gpus.empty())
    throw PlanError(
        fmt::format("--gpus {}: what is left of profile {} takes more GPUs, or others than are there",
                    fmt::join(request.gpus, ","), request.profile.name));
  for (const config::Fault& fault : request.faults) {
    plan.faults.push_back({fault.name, fault.kind, fault.part, config::all_parameters(fault)});
  }
  return plan;
}

}  // namespace assay
