#include "harness/kernel_log/meaning.h"

#include <fmt/format.h>

#include <string>

#include "harness/kernel_log/parse.h"

namespace assay::kernel_log {
namespace {

using Kind = KernelEvent::Kind;
using Meaning = KernelEvent::Meaning;
using Severity = KernelEvent::Severity;

constexpr const char* kLanguage = "en";

std::string in_words(const Words& words) {
  const auto found = words.find(kLanguage);
  return found == words.end() ? std::string() : found->second;
}

std::string action_in_words(const EventCatalogue& catalogue, const std::string& action) {
  const auto found = catalogue.actions.find(action);
  return found == catalogue.actions.end() ? action : in_words(found->second);
}

Meaning meaning_of_xid(const KernelEvent& event, const XidEntry& entry) {
  if (event.recovery_action > 0) return Meaning::fatal;
  switch (entry.says) {
    case Says::nothing:
      return Meaning::none;
    case Says::application:
      return is_foreign(event) ? Meaning::somebody_elses : Meaning::counts;
    case Says::device:
      return Meaning::counts;
    case Says::fatal:
      return Meaning::fatal;
    case Says::lost:
      return Meaning::lost;
  }
  return Meaning::counts;
}

/// "; NVIDIA's catalogue of 2025-09-30: reset the GPU; if it comes again: ask the vendor". Nothing where it
/// has nothing done.
std::string advice(const EventCatalogue& catalogue, const std::string& date, const std::string& immediate,
                   std::string later) {
  const auto is_nothing = [](const std::string& action) {
    return action.empty() || action == "IGNORE" || action == "informational";
  };
  if (is_nothing(later)) later.clear();
  if (is_nothing(immediate)) return "";
  std::string text =
      fmt::format("; NVIDIA's catalogue of {}: {}", date, action_in_words(catalogue, immediate));
  if (!later.empty() && later != immediate)
    text += fmt::format("; if it comes again: {}", action_in_words(catalogue, later));
  return text;
}

/// "Xid 74 (NVLink error), NVLink 6: NVRM: Xid (PCI:...): 74, ...; NVIDIA's catalogue ..."
std::string explanation(const KernelEvent& event, const std::string& what, const std::string& meaning,
                        const std::string& where, const std::string& advised) {
  std::string text = what;
  if (!meaning.empty()) text += fmt::format(" ({})", meaning);
  if (event.link >= 0) text += fmt::format(", {} {}", where, event.link);
  text += ": " + event.line;
  if (event.more > 0) text += fmt::format(" (and {} more like it)", event.more);
  return text + advised;
}

void interpret_xid(KernelEvent& event, const EventCatalogue& catalogue) {
  const auto found = catalogue.xids.find(event.number);
  const XidEntry entry = found == catalogue.xids.end() ? XidEntry{} : found->second;
  event.meaning = meaning_of_xid(event, entry);
  event.explained = explanation(event, fmt::format("Xid {}", event.number), in_words(entry.meaning), "NVLink",
                                advice(catalogue, catalogue.xid_date, entry.immediate, entry.later));
}

void interpret_sxid(KernelEvent& event, const EventCatalogue& catalogue) {
  const auto found = catalogue.sxids.find(event.number);
  const SxidEntry entry = found == catalogue.sxids.end() ? SxidEntry{} : found->second;
  const bool by_table = event.severity == Severity::unstated && entry.severity != SxidSeverity::non_fatal;
  event.meaning =
      (event.severity == Severity::fatal || by_table) && !event.continues ? Meaning::fatal : Meaning::none;
  std::string meaning = in_words(entry.meaning);
  if (entry.stalls) meaning += "; traffic may stall";
  event.explained = explanation(event, fmt::format("SXid {} of NVSwitch {}", event.number, event.nvswitch),
                                meaning, "port", advice(catalogue, catalogue.sxid_date, entry.immediate, ""));
}

/// Of an assertion of the driver that its status decides (open-gpu-kernel-modules, nvstatuscodes.h).
constexpr int kResetRequired = 0x62;

/// The kernel's own words need no catalogue.
void interpret_host(KernelEvent& event) {
  // A PCIe error that is not fatal may be a request that a healthy device does not support.
  const bool uncorrected = event.severity == Severity::fatal ||
                           (event.severity == Severity::non_fatal && event.kind != Kind::pcie);
  const bool reports =
      event.kind == Kind::pcie || event.kind == Kind::machine_check || event.kind == Kind::host_memory;
  const bool wants_reset = event.kind == Kind::driver && event.number == kResetRequired;
  event.meaning =
      (reports && uncorrected && !event.continues) || wants_reset ? Meaning::fatal : Meaning::none;
  event.explained = event.line;
  if (event.more > 0) event.explained += fmt::format(" (and {} more like it)", event.more);
}

}  // namespace

void interpret(KernelEvent& event, const EventCatalogue& catalogue) {
  switch (event.kind) {
    case Kind::xid:
      return interpret_xid(event, catalogue);
    case Kind::nvswitch:
      return interpret_sxid(event, catalogue);
    case Kind::fallen_off_bus:
      event.meaning = Meaning::lost;
      event.explained = explanation(event, "the driver", "GPU off the bus", "", "");
      return;
    case Kind::driver:
    case Kind::pcie:
    case Kind::machine_check:
    case Kind::host_memory:
    case Kind::out_of_memory:
      return interpret_host(event);
  }
}

}  // namespace assay::kernel_log
