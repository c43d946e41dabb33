#include "harness/run/counter_ledger.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/model/telemetry_measures.h"
#include "harness/node/pci_tree.h"
#include "harness/telemetry/attribution.h"
#include "harness/telemetry/nvlink_counters.h"

namespace assay::run {

namespace {

/// By PCI address: the GPU whose way to the root a bridge is on; "node" where it is on that of several.
std::map<std::string, Part> bridges_above(const Plan& plan, const HostFiles& files) {
  std::map<std::string, Part> bridges;
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address.empty()) continue;
    for (const std::string& address : pci::Tree(files).path_to(slot.pci_address)) {
      if (address == slot.pci_address) continue;
      const auto [bridge, is_first] = bridges.try_emplace(address, slot.part.below("pcie"));
      if (!is_first) bridge->second = "node";
    }
  }
  return bridges;
}

}  // namespace

CounterLedger::CounterLedger(SamplerClient& sampler, NodeSession& node, StepJournal& journal,
                             const Plan& plan, telemetry::Ledger ledger)
    : sampler_(sampler),
      node_(node),
      journal_(journal),
      plan_(plan),
      ledger_(std::move(ledger)),
      bridges_(bridges_above(plan, node.host_files())) {}

bool CounterLedger::snapshot() {
  auto fresh = sampler_.snapshot();
  if (!fresh) {
    node_.sampler_gone();
    return false;
  }
  ledger_.add(std::move(*fresh));
  if (const std::int64_t events = ledger_.take_uncounted(); events > 0) {
    journal_.run_error(
        Error::of(codes::telemetry_lost,
                  phrase("the kernel logged {} more events of so many kinds that they were not looked at",
                         "内核另外记录了 {} 条事件，种类过多，未逐一查看", events),
                  ""));
  }
  return true;
}

Error CounterLedger::loss() const {
  return Error::of(codes::telemetry_lost, phrase("the sampler {}", "采样进程已退出：{}", sampler_.why_lost()),
                   "harness");
}

void CounterLedger::attribute(OpenStep& step, const std::vector<Part>& gpus) {
  for (const Part& gpu : gpus) {
    const PlannedSlot* slot = slot_of(plan_, gpu);
    if (slot == nullptr || slot->pci_address.empty()) continue;
    journal_.at_once([&] {
      const auto [seen, mark] = ledger_.attribute(slot->part, slot->pci_address);
      for (const Measurement& measurement : seen.measurements)
        journal_.measurement(step, kTelemetryCheck, measurement);
      for (const Evidence& evidence : seen.evidence) journal_.evidence(step, evidence);
      for (const Error& error : seen.errors) journal_.fail(step, error);
      journal_.mark(step, mark);
    });
  }
}

/// Of a GPU that was lost, its ports say once more that it is.
void CounterLedger::record_nvswitch(const KernelEvent& event) {
  if (event.meaning != KernelEvent::Meaning::fatal)
    return journal_.run_log(record::LogSeverity::warning, telemetry::explained(event));
  Part part = Part::nvswitch(event.nvswitch);
  if (const auto lost = ledger_.loss_behind(event)) {
    for (const PlannedSlot& slot : plan_.slots) {
      if (slot.pci_address != lost->pci_address) continue;
      part = lost->link < 0 ? slot.part : slot.part.below(telemetry::nvlink_name(lost->link));
    }
  }
  journal_.run_error(Error::of(codes::nvswitch_fatal, telemetry::explained(event), part));
}

/// What fell off the bus at an address where no GPU answers is the GPU that is missing, where one alone is.
void CounterLedger::record_other_gpu(const KernelEvent& event) {
  std::vector<Part> missing;
  for (const PlannedSlot& slot : plan_.slots) {
    if (slot.pci_address.empty()) missing.push_back(slot.part);
  }
  if (missing.size() == 1 && event.meaning == KernelEvent::Meaning::lost)
    return journal_.run_error(Error::of(codes::device_lost, telemetry::explained(event), missing.front()));
  journal_.run_log(record::LogSeverity::warning,
                   phrase("{} (of a device in no slot of the SKU)", "{}（该设备不在 SKU 的任何槽位）",
                          telemetry::explained(event)));
}

void CounterLedger::record_pcie(const KernelEvent& event) {
  const auto bridge = bridges_.find(event.pci_address);
  if (bridge != bridges_.end() && event.meaning == KernelEvent::Meaning::fatal)
    return journal_.run_error(Error::of(codes::pcie_fatal, telemetry::explained(event), bridge->second));
  journal_.run_log(record::LogSeverity::warning, telemetry::explained(event));
}

void CounterLedger::record_host(const KernelEvent& event) {
  using Kind = KernelEvent::Kind;
  const auto record = [&](const char* code, const Part& part) {
    journal_.run_error(Error::of(code, telemetry::explained(event), part));
  };
  if (event.kind == Kind::stall) return record(codes::kernel_stalled, "host");
  if (event.meaning == KernelEvent::Meaning::fatal) {
    if (event.kind == Kind::machine_check || event.kind == Kind::host_memory)
      return record(codes::host_error, "host");
    if (event.kind == Kind::host_device) return record(codes::host_device, "host");
    // Which of its GPUs, the driver does not say.
    if (event.kind == Kind::driver) return record(codes::reset_wanted, "node");
  }
  journal_.run_log(record::LogSeverity::warning, telemetry::explained(event));
}

void CounterLedger::record_strays() {
  std::vector<std::string> planned;
  for (const PlannedSlot& slot : plan_.slots) {
    // What is said of no device has no address, either.
    if (!slot.pci_address.empty()) planned.push_back(slot.pci_address);
  }
  for (const KernelEvent& event : ledger_.take_strays(planned)) {
    switch (event.kind) {
      case KernelEvent::Kind::nvswitch:
        record_nvswitch(event);
        break;
      case KernelEvent::Kind::xid:
      case KernelEvent::Kind::fallen_off_bus:
        record_other_gpu(event);
        break;
      case KernelEvent::Kind::pcie:
        record_pcie(event);
        break;
      default:
        record_host(event);
    }
  }
}

}  // namespace assay::run
