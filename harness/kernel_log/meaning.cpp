#include "harness/kernel_log/meaning.h"

#include <fmt/format.h>

#include <string>

#include "harness/kernel_log/parse.h"

namespace assay::kernel_log {
namespace {

using Kind = KernelEvent::Kind;
using Meaning = KernelEvent::Meaning;
using Severity = KernelEvent::Severity;

Phrase phrase_of(const Words& words) {
  return {in_words(words, "en"), in_words(words, "zh-CN")};
}

Phrase phrase_of_action(const EventCatalogue& catalogue, const std::string& action) {
  const auto found = catalogue.actions.find(action);
  return found == catalogue.actions.end() ? Phrase(action) : phrase_of(found->second);
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
Phrase advice(const EventCatalogue& catalogue, const std::string& date, const std::string& immediate,
              const std::string& later) {
  const auto is_nothing = [](const std::string& action) {
    return action.empty() || action == "IGNORE" || action == "informational";
  };
  if (is_nothing(immediate)) return {};
  Phrase text = phrase("; NVIDIA's catalogue of {}: {}", "；NVIDIA {} 版目录的处理建议：{}", date,
                       phrase_of_action(catalogue, immediate));
  if (!is_nothing(later) && later != immediate)
    text += phrase("; if it comes again: {}", "；后续：{}", phrase_of_action(catalogue, later));
  return text;
}

Phrase more_like_it(const KernelEvent& event) {
  return event.more > 0 ? phrase(" (and {} more like it)", "（另有 {} 条同类日志）", event.more) : Phrase();
}

/// "Xid 74 (NVLink error), NVLink 6: NVRM: Xid (PCI:...): 74, ...; NVIDIA's catalogue ..."
Phrase explanation(const KernelEvent& event, Phrase text, const Phrase& meaning, const Phrase& where,
                   const Phrase& advised) {
  if (!meaning.empty()) text += phrase(" ({})", "（{}）", meaning);
  if (event.link >= 0) text += phrase(", {} {}", "，{} {}", where, event.link);
  text += phrase(": {}{}", "：{}{}", event.line, more_like_it(event));
  return text += advised;
}

void interpret_xid(KernelEvent& event, const EventCatalogue& catalogue) {
  const auto found = catalogue.xids.find(event.number);
  const XidEntry entry = found == catalogue.xids.end() ? XidEntry{} : found->second;
  event.meaning = meaning_of_xid(event, entry);
  event.explained =
      explanation(event, fmt::format("Xid {}", event.number), phrase_of(entry.meaning), "NVLink",
                  advice(catalogue, catalogue.xid_date, entry.immediate, entry.later));
}

void interpret_sxid(KernelEvent& event, const EventCatalogue& catalogue) {
  const auto found = catalogue.sxids.find(event.number);
  const SxidEntry entry = found == catalogue.sxids.end() ? SxidEntry{} : found->second;
  const bool by_table = event.severity == Severity::unstated && entry.severity != SxidSeverity::non_fatal;
  event.meaning =
      (event.severity == Severity::fatal || by_table) && !event.continues ? Meaning::fatal : Meaning::none;
  Phrase meaning = phrase_of(entry.meaning);
  if (entry.stalls) meaning += {"; traffic may stall", "；流量可能停滞"};
  event.explained = explanation(
      event, phrase("SXid {0} of NVSwitch {1}", "NVSwitch {1} 的 SXid {0}", event.number, event.nvswitch),
      meaning, {"port", "端口"}, advice(catalogue, catalogue.sxid_date, entry.immediate, ""));
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
  const bool failed = event.kind == Kind::host_device && event.severity == Severity::fatal;
  const bool is_fault = (reports && uncorrected && !event.continues) || wants_reset || failed;
  event.meaning = is_fault                    ? Meaning::fatal
                  : event.kind == Kind::stall ? Meaning::counts  // of the machine, and of no part
                                              : Meaning::none;
  event.explained = event.line;
  event.explained += more_like_it(event);
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
      event.explained = explanation(event, {"the driver", "驱动"}, {"GPU off the bus", "GPU 掉卡"}, {}, {});
      return;
    case Kind::driver:
    case Kind::pcie:
    case Kind::machine_check:
    case Kind::host_memory:
    case Kind::out_of_memory:
    case Kind::host_device:
    case Kind::stall:
      return interpret_host(event);
  }
}

}  // namespace assay::kernel_log
