// What the kernel's log held of this boot when the run began. What it says during the run belongs to the step
// in which it says it (harness/telemetry/attribution.cpp).
#include <fmt/format.h>

#include <algorithm>

#include "suites/culprits.h"

namespace assay {
namespace {

using Kind = KernelEvent::Kind;
using Meaning = KernelEvent::Meaning;

bool is_of(const KernelEvent& event, const SlotInventory& slot) {
  return slot.found != nullptr && slot.found->identity.pci_address.value == event.pci_address;
}

/// The GPU whose way to the root this bridge is on, where it is on that of one alone.
const SlotInventory* below(const std::string& bridge, const std::vector<SlotInventory>& slots,
                           const pci::Tree& tree) {
  const SlotInventory* only = nullptr;
  for (const SlotInventory& slot : slots) {
    if (slot.found == nullptr || !slot.found->identity.pci_address.value) continue;
    const std::vector<std::string> path = tree.path_to(*slot.found->identity.pci_address.value);
    if (std::find(path.begin(), path.end(), bridge) == path.end()) continue;
    if (only != nullptr) return nullptr;
    only = &slot;
  }
  return only;
}

/// "2026-11-26T10:00:00Z NVRM: ...", as far as the log tells when.
Phrase dated(const KernelEvent& event) {
  return event.logged_at.empty() ? event.explained
                                 : phrase("{} {}", "{} {}", event.logged_at, event.explained);
}

/// What fell off the bus at an address where nothing answers is the GPU that is missing, where one alone is.
const SlotInventory* only_missing(const std::vector<SlotInventory>& slots) {
  const SlotInventory* missing = nullptr;
  for (const SlotInventory& slot : slots) {
    if (slot.found != nullptr) continue;
    if (missing != nullptr) return nullptr;
    missing = &slot;
  }
  return missing;
}

const SlotInventory* slot_of(const KernelEvent& event, const std::vector<SlotInventory>& slots,
                             const pci::Tree& tree) {
  const bool may_be_a_gpus =
      event.kind == Kind::xid || event.kind == Kind::fallen_off_bus || event.kind == Kind::pcie;
  if (!may_be_a_gpus) return nullptr;
  for (const SlotInventory& slot : slots) {
    if (is_of(event, slot)) return &slot;
  }
  if (event.kind == Kind::pcie && !event.pci_address.empty()) return below(event.pci_address, slots, tree);
  return event.meaning == Meaning::lost ? only_missing(slots) : nullptr;
}

void run(Context& context) {
  const NodeReadings& readings = context.readings();
  context.measure_at("node", "readable", readings.kernel_log_missing.empty() ? 1 : 0, Unit::count);
  if (!readings.kernel_log_missing.empty()) {
    context.measure_at("node", kCulprit, readings.kernel_log_missing);
    return;
  }
  const auto slots = context.slots();
  nlohmann::json lines = nlohmann::json::array();
  const pci::Tree tree(context.host().files());
  std::map<Part, std::int64_t> faults;
  std::map<Part, Phrase> first;
  std::int64_t of_host = 0, of_devices = 0, others = 0;
  for (const KernelEvent& event : readings.events_before) {
    lines.push_back(dated(event).english);
    const SlotInventory* slot = slot_of(event, slots, tree);
    const bool of_switch = event.kind == Kind::nvswitch && event.nvswitch >= 0;
    if (is_fault(event) && (slot != nullptr || of_switch)) {
      const Part part = of_switch ? Part::nvswitch(event.nvswitch) : slot->part;
      faults[part] += 1 + event.more;
      first.emplace(part, dated(event));
    } else {
      const bool is_host = event.kind == Kind::machine_check || event.kind == Kind::host_memory;
      const bool is_device = event.kind == Kind::host_device;
      if (is_device && is_fault(event)) first.emplace("node", dated(event));
      std::int64_t& count = !is_fault(event) ? others : is_host ? of_host : is_device ? of_devices : others;
      count += 1 + event.more;
    }
  }
  for (const SlotInventory& slot : slots) {
    context.measure_at(slot.part, "faults_before", static_cast<double>(faults[slot.part]), Unit::count);
    if (faults[slot.part] > 0) name_culprits(context, slot.part, {first[slot.part]});
  }
  for (const auto& [part, count] : faults) {
    if (!part.nvswitch_number()) continue;
    context.measure_at(part, "switch_faults_before", static_cast<double>(count), Unit::count);
    name_culprits(context, part, {first[part]});
  }
  context.measure_at("node", "host_faults_before", static_cast<double>(of_host), Unit::count);
  context.measure_at("node", "device_failures_before", static_cast<double>(of_devices), Unit::count);
  if (of_devices > 0) name_culprits(context, "node", {first["node"]});
  context.measure_at("node", "others_before", static_cast<double>(others + readings.more_events_before),
                     Unit::count);
  if (!lines.empty()) context.evidence("kernel_log_before_the_run", {{"lines", lines}});
}

const Registered health_kernel_log{{
    .name = "health.kernel_log",
    .summary = "The kernel's log can be read, and held nothing against a GPU before the run",
    .scope = Scope::node,
    .measures =
        {
            {.name = "readable", .meaning = "1: the kernel's own log can be read", .of = Of::node},
            {.name = "faults_before",
             .meaning = "Xids of this boot, before the run, that say that the GPU is at fault whatever was "
                        "run on it, and its falls from the bus",
             .may_lack = true},
            {.name = "switch_faults_before",
             .meaning = "fatal errors of an NVSwitch of this boot, before the run",
             .of = Of::switches,
             .may_lack = true},
            {.name = "host_faults_before",
             .meaning =
                 "errors of processors and memory of this boot, before the run, that were not corrected",
             .of = Of::node,
             .may_lack = true},
            {.name = "device_failures_before",
             .meaning = "failures of network cards and drives of this boot, before the run, by their drivers",
             .of = Of::node,
             .may_lack = true},
            {.name = "others_before",
             .meaning = "other events of this boot, before the run: they are kept with the step",
             .judged = false,
             .of = Of::node},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "the first of the lines that count, with its date where the log has one; why the log "
                        "cannot be read",
             .judged = false,
             .may_lack = true},
            {.name = kCulpritInChinese,
             .unit = Unit::text,
             .meaning = "the same in Chinese",
             .judged = false,
             .may_lack = true},
        },
    .findings = {"environment.kernel_log", "device.xid_before", "nvswitch.fatal_before",
                 "host.hardware_error", "host.device_failed"},
    .run = run,
    .detects = "a log that nobody can read; a GPU that failed since the node was started, before the run",
    .misses = "what was logged before the last start of the node, or has left the kernel's ring since",
}};

}  // namespace
}  // namespace assay
