#include "harness/kernel_log/parse_nvidia.h"

#include <algorithm>

#include "harness/kernel_log/pci_text.h"
#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {
namespace {

constexpr int kRecoveryActionChanged = 154;
constexpr int kMostLinks = 64;  // of an NVSwitch of the third generation, the most of any part

bool is_unknown(std::string_view text) {
  return text.empty() || text.front() == '<';
}

std::string_view without_quotes(std::string_view text) {
  while (!text.empty() && (text.front() == '\'' || text.front() == '"')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\'' || text.back() == '"')) text.remove_suffix(1);
  return text;
}

/// ", pid=701, name=python3": where the driver knows none, both are left out or "<unknown>", in quotes or
/// not.
void read_process(Scanner scanner, KernelEvent& event) {
  if (!scanner.skip(", pid=")) return;
  Scanner number(without_quotes(scanner.take_until(',')));
  const auto pid = number.number<std::int64_t>(10);
  if (!pid || !number.at_end() || !scanner.skip(", name=")) return;
  const std::string_view name = without_quotes(scanner.take_until(','));
  if (is_unknown(name)) return;
  event.pid = *pid;
  event.process = name.substr(0, kLongestProcessName);
}

/// "link 6(0x10000, ..." of Xid 74, "Link 63 LTSSM Fault Up" of an NVSwitch: the first that there is.
void read_link(Scanner scanner, KernelEvent& event) {
  const std::size_t at = std::min(scanner.rest().find("Link "), scanner.rest().find("link "));
  if (at == std::string_view::npos) return;
  Scanner behind(scanner.rest().substr(at + std::string_view("link ").size()));
  const auto number = behind.number(3);
  if (number && *number < kMostLinks) event.link = *number;
}

/// "... recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)".
void read_recovery_action(Scanner scanner, KernelEvent& event) {
  constexpr int kHexadecimal = 16;
  if (!scanner.skip_past("changed from 0x") || !scanner.skip_past(" to 0x")) return;
  event.recovery_action = scanner.number(4, kHexadecimal).value_or(-1);
}

/// What stands between address and bracket of a GPU in parts: " GPU-I:05", " GPU-I:05 GPU-CI:00".
bool skip_instance(Scanner& scanner) {
  const std::string_view instance = scanner.take_until(')');
  return instance.empty() || instance.substr(0, 5) == " GPU-";
}

std::optional<KernelEvent> parse_xid(Scanner scanner, std::string_view text) {
  constexpr std::size_t kMostDigits = 4;
  scanner.skip("PCI:");
  const auto address = take_pci_address(scanner);
  if (!address || !skip_instance(scanner) || !scanner.skip("): ")) return std::nullopt;
  const auto number = scanner.number(kMostDigits);
  if (!number || !(scanner.at_end() || scanner.rest().front() == ',')) return std::nullopt;
  KernelEvent event;
  event.kind = KernelEvent::Kind::xid;
  event.number = *number;
  event.pci_address = *address;
  event.line = text;
  read_process(scanner, event);
  read_link(scanner, event);
  if (event.number == kRecoveryActionChanged) read_recovery_action(scanner, event);
  return event;
}

/// "GPU 0000:18:00.0: GPU has fallen off the bus."
std::optional<KernelEvent> parse_fallen(Scanner scanner, std::string_view text) {
  scanner.skip("PCI:");
  const auto address = take_pci_address(scanner);
  if (!address || !scanner.skip(": GPU has fallen off the bus")) return std::nullopt;
  KernelEvent event;
  event.kind = KernelEvent::Kind::fallen_off_bus;
  event.pci_address = *address;
  event.line = text;
  return event;
}

/// "GPU 0000:5d:00.0: RmInitAdapter failed! (0x62:0x40:1860)": it does not start, and is not listed.
std::optional<KernelEvent> parse_not_started(Scanner scanner, std::string_view text) {
  const auto address = take_pci_address(scanner);
  if (!address || !scanner.skip(": RmInitAdapter failed")) return std::nullopt;
  KernelEvent event;
  event.kind = KernelEvent::Kind::driver;
  event.pci_address = *address;
  event.line = text;
  return event;
}

/// "[GPU0 ]nvAssertOkFailedNoLog: Assertion failed: Reset required [NV_ERR_RESET_REQUIRED] (0x00000062) ..."
std::optional<KernelEvent> parse_assertion(Scanner scanner, std::string_view text) {
  constexpr int kHexadecimal = 16;
  if (!scanner.skip_past("Assertion failed: ") && !scanner.skip_past("Check failed: ")) return std::nullopt;
  if (!scanner.skip_past("[NV_ERR_") || !scanner.skip_past("(0x")) return std::nullopt;
  const auto status = scanner.number(8, kHexadecimal);
  if (!status) return std::nullopt;
  KernelEvent event;
  event.kind = KernelEvent::Kind::driver;
  event.number = *status;
  event.line = text;
  return event;
}

}  // namespace

std::optional<KernelEvent> parse_nvrm(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("NVRM: ")) return std::nullopt;
  scanner.skip_blanks();
  if (scanner.skip("Xid (")) return parse_xid(scanner, text);
  Scanner gpu = scanner;
  if (gpu.skip("GPU ")) {
    if (auto event = parse_fallen(gpu, text)) return event;
    if (auto event = parse_not_started(gpu, text)) return event;
  }
  return parse_assertion(scanner, text);
}

std::optional<KernelEvent> parse_nvswitch(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("nvidia-nvswitch")) return std::nullopt;
  const auto which = scanner.number(3);
  if (!which || !scanner.skip(": SXid (PCI:")) return std::nullopt;
  const auto address = take_pci_address(scanner);
  if (!address || !scanner.skip("): ")) return std::nullopt;
  const auto number = scanner.number(6);
  if (!number || !scanner.skip(", ")) return std::nullopt;
  KernelEvent event;
  event.kind = KernelEvent::Kind::nvswitch;
  event.number = *number;
  event.nvswitch = *which;
  event.pci_address = *address;
  event.line = text;
  using Severity = KernelEvent::Severity;
  Scanner word = scanner;
  if (word.skip("Fatal")) {
    event.severity = Severity::fatal;
  } else if (word.skip("Non-fatal")) {
    event.severity = Severity::non_fatal;
  } else if (word.skip("Correctable")) {
    event.severity = Severity::corrected;
  } else if (word.skip("Severity ")) {
    event.severity = word.number(2).value_or(0) == 0 ? Severity::non_fatal : Severity::fatal;
    event.continues = true;
  } else if (word.skip("Data {")) {
    event.continues = true;
  }
  read_link(scanner, event);
  return event;
}

}  // namespace assay::kernel_log
