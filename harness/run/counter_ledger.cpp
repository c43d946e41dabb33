#include "harness/run/counter_ledger.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/model/telemetry_measures.h"
#include "harness/telemetry/attribution.h"

namespace assay::run {

bool CounterLedger::snapshot() {
  auto fresh = sampler_.snapshot();
  if (!fresh) {
    node_.sampler_gone();
    return false;
  }
  ledger_.add(std::move(*fresh));
  if (const std::int64_t events = ledger_.take_uncounted(); events > 0) {
    journal_.run_error(
        {codes::telemetry_lost,
         fmt::format("the kernel logged {} more events of so many kinds that they were not looked at",
                     events),
         "", ""});
  }
  return true;
}

Error CounterLedger::loss() const {
  return {codes::telemetry_lost, "the sampler " + sampler_.why_lost(), "harness", ""};
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

void CounterLedger::record_strays() {
  std::vector<std::string> planned;
  for (const PlannedSlot& slot : plan_.slots) planned.push_back(slot.pci_address);
  for (const telemetry::KernelEvent& event : ledger_.take_strays(planned)) {
    const std::string line = telemetry::line_of(event);
    if (event.kind == telemetry::KernelEvent::Kind::nvswitch) {
      const Part part = fmt::format("nvswitch{}", event.nvswitch);
      if (event.fatal)
        journal_.run_error({codes::nvswitch_fatal, line, part, ""});
      else
        journal_.run_log(record::LogSeverity::warning, line);
      continue;
    }
    const telemetry::Meaning meaning = telemetry::meaning_of(event);
    const std::string where = line + " (a GPU in no slot of the SKU)";
    if (meaning == telemetry::Meaning::none || meaning == telemetry::Meaning::somebody_elses)
      journal_.run_log(record::LogSeverity::warning, where);
    else
      journal_.run_error({codes::xid_fatal, where, "node", ""});
  }
}

}  // namespace assay::run
