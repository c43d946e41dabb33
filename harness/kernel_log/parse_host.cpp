#include "harness/kernel_log/parse_host.h"

#include "harness/kernel_log/pci_text.h"
#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {
namespace {

using Kind = KernelEvent::Kind;
using Severity = KernelEvent::Severity;

KernelEvent event_of(Kind kind, Severity severity, std::string_view text) {
  KernelEvent event;
  event.kind = kind;
  event.severity = severity;
  event.line = text;
  return event;
}

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

/// "Correctable", "Corrected", "Uncorrected (Non-Fatal)", "Uncorrectable (Fatal)".
std::optional<Severity> pcie_severity(std::string_view word) {
  if (word.substr(0, 7) == "Correct") return Severity::corrected;
  if (word.substr(0, 9) != "Uncorrect") return std::nullopt;
  return has(word.substr(0, 32), "(Fatal)") ? Severity::fatal : Severity::non_fatal;
}

/// "nvidia 0000:19:00.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)", and what
/// the port that hears of it says before: "pcieport 0000:15:01.0: AER: Corrected error received:
/// 0000:19:00.0".
std::optional<KernelEvent> parse_pcie(std::string_view text) {
  Scanner scanner(text);
  scanner.take_until(' ');  // the driver's name
  scanner.skip(' ');
  const auto reporter = take_pci_address(scanner);
  if (!reporter || !scanner.skip(": ")) return std::nullopt;
  scanner.skip("AER: ");
  if (scanner.skip("PCIe Bus Error: severity=")) {
    const auto severity = pcie_severity(scanner.rest());
    if (!severity) return std::nullopt;
    KernelEvent event = event_of(Kind::pcie, *severity, text);
    event.pci_address = *reporter;
    return event;
  }
  scanner.skip("Multiple ");
  const auto severity = pcie_severity(scanner.rest());
  if (!severity || !(scanner.skip_past("received: ") || scanner.skip_past("received from ")))
    return std::nullopt;
  const auto from = take_pci_address(scanner);
  if (!from) return std::nullopt;
  KernelEvent event = event_of(Kind::pcie, *severity, text);
  event.pci_address = *from;
  event.continues = true;  // the one with "PCIe Bus Error" counts
  return event;
}

/// "mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 5: bea0000000000108", and firmware's "{1}[Hardware
/// Error]: event severity: corrected". Other lines of the same event say no severity.
std::optional<KernelEvent> parse_machine_check(std::string_view text) {
  constexpr int kHexadecimal = 16;
  constexpr std::uint64_t kUncorrected = std::uint64_t{1} << 61;  // MCi_STATUS.UC, Intel SDM 3B, 17.3.2.2
  Scanner scanner(text);
  if (!scanner.skip_past("[Hardware Error]: ")) return std::nullopt;
  if (scanner.skip("event severity: ")) {
    const std::string_view word = scanner.rest();
    if (word.substr(0, 9) == "corrected") return event_of(Kind::machine_check, Severity::corrected, text);
    if (word.substr(0, 11) == "recoverable") return event_of(Kind::machine_check, Severity::non_fatal, text);
    if (word.substr(0, 5) == "fatal") return event_of(Kind::machine_check, Severity::fatal, text);
    return std::nullopt;
  }
  if (!scanner.skip_past("Machine Check")) return std::nullopt;
  if (!scanner.skip_past(" Bank ") || !scanner.number(3) || !scanner.skip(": ")) return std::nullopt;
  const auto status = scanner.number<std::uint64_t>(16, kHexadecimal);
  if (!status) return std::nullopt;
  const bool uncorrected = (*status & kUncorrected) != 0;
  return event_of(Kind::machine_check, uncorrected ? Severity::non_fatal : Severity::corrected, text);
}

/// "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 ...". The count may
/// be 0.
std::optional<KernelEvent> parse_edac(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("EDAC MC") || !scanner.number(3) || !scanner.skip(": ")) return std::nullopt;
  if (!scanner.number(9)) return std::nullopt;
  if (scanner.skip(" CE ")) return event_of(Kind::host_memory, Severity::corrected, text);
  if (scanner.skip(" UE ")) return event_of(Kind::host_memory, Severity::non_fatal, text);
  return std::nullopt;
}

/// "Out of memory: Killed process 9 (t) total-vm:..", "Memory cgroup out of memory: Killed process 9 (t) ..".
std::optional<KernelEvent> parse_out_of_memory(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("Out of memory: ") && !scanner.skip("Memory cgroup out of memory: ")) return std::nullopt;
  if (!scanner.skip("Killed process ") && !scanner.skip("Kill process ")) return std::nullopt;
  const auto pid = scanner.number<std::int64_t>(10);
  if (!pid || !scanner.skip(" (")) return std::nullopt;
  KernelEvent event = event_of(Kind::out_of_memory, Severity::unstated, text);
  event.pid = *pid;
  event.process = scanner.take_until(')').substr(0, kLongestProcessName);
  return event;
}

/// "pcieport 0000:59:01.0: pciehp: Slot(3): Link Down" or "...: Card not present"
/// (linux, drivers/pci/hotplug/pciehp_ctrl.c); before Linux 5, "pciehp 0000:59:01.0:pcie24: ...". What goes
/// on behind these words, "Link Down/Up ignored", is a reset that somebody asked for, or an error that was
/// recovered from.
std::optional<KernelEvent> parse_hotplug(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("pcieport ") && !scanner.skip("pciehp ")) return std::nullopt;
  const auto port = take_pci_address(scanner);
  if (!port || !scanner.skip_past("lot(") || !scanner.skip_past("): ")) return std::nullopt;
  if (scanner.rest() != "Link Down" && scanner.rest() != "Card not present") return std::nullopt;
  KernelEvent event = event_of(Kind::pcie, Severity::fatal, text);
  event.pci_address = *port;
  return event;
}

/// "mlx5_core 0000:9a:00.0: poll_health:850:(pid 0): device's health compromised - reached miss count", and
/// "...: Health issue observed, firmware internal error, severity(3) ERROR:" (linux, drivers/net/ethernet/
/// mellanox/mlx5/core/health.c).
std::optional<KernelEvent> parse_network_card(std::string_view text) {
  constexpr int kError = 3;  // linux, kern_levels.h: 0 emergency to 7 debug
  Scanner scanner(text);
  if (!scanner.skip("mlx5_core ")) return std::nullopt;
  const auto card = take_pci_address(scanner);
  if (!card) return std::nullopt;
  std::optional<Severity> severity;
  if (has(scanner.rest(), "health compromised")) severity = Severity::fatal;
  if (scanner.skip_past("Health issue observed, ")) {
    const bool is_hot = scanner.skip("High temperature");  // the air's, and noted: the card goes on
    const auto level = scanner.skip_past("severity(") ? scanner.number(1) : std::nullopt;
    severity = level && *level <= kError && !is_hot ? Severity::fatal : Severity::non_fatal;
  }
  if (!severity) return std::nullopt;
  KernelEvent event = event_of(Kind::host_device, *severity, text);
  event.pci_address = *card;
  return event;
}

/// "nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", which may go on, and
/// "nvme nvme0: Disabling device after reset failure: -19", "...: Removing after probe failure status: -19",
/// which does not (linux, drivers/nvme/host/pci.c).
std::optional<KernelEvent> parse_drive(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip("nvme nvme") || !scanner.number(4) || !scanner.skip(": ")) return std::nullopt;
  if (scanner.skip("Disabling device after reset failure") || scanner.skip("Removing after probe failure"))
    return event_of(Kind::host_device, Severity::fatal, text);
  if (scanner.skip("controller is down") || has(scanner.rest(), "timeout, reset controller"))
    return event_of(Kind::host_device, Severity::non_fatal, text);
  return std::nullopt;
}

/// "watchdog: BUG: soft lockup - CPU#12 stuck for 26s! [nvidia-smi:1234]", "NMI watchdog: Watchdog detected
/// hard LOCKUP on cpu 3", "rcu: INFO: rcu_sched self-detected stall on CPU". A task that is blocked is none:
/// it may wait for a file server, and stops nobody else.
std::optional<KernelEvent> parse_stall(std::string_view text) {
  Scanner scanner(text);
  scanner.skip("NMI ");
  const bool locked = scanner.skip("watchdog: ") &&
                      (has(scanner.rest(), "soft lockup - CPU") || has(scanner.rest(), "hard LOCKUP"));
  const bool stalled = scanner.skip("rcu: INFO: ") && has(scanner.rest(), "stall");
  if (!locked && !stalled) return std::nullopt;
  return event_of(Kind::stall, Severity::unstated, text);
}

std::optional<KernelEvent> parse_of_driver(std::string_view text) {
  switch (text.front()) {
    case 'm':
      return parse_network_card(text);
    case 'n':
      return parse_drive(text);
    case 'p':
      return parse_hotplug(text);
    case 'N':
    case 'r':
    case 'w':
      return parse_stall(text);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<KernelEvent> parse_host(std::string_view text) {
  if (text.empty()) return std::nullopt;
  switch (text.front()) {
    case 'E':
      return parse_edac(text);
    case 'O':
    case 'M':
      return parse_out_of_memory(text);
    default:
      break;
  }
  if (auto event = parse_of_driver(text)) return event;
  if (has(text, "[Hardware Error]: ")) return parse_machine_check(text);
  if (has(text, "AER: ") || has(text, "PCIe Bus Error: ")) return parse_pcie(text);
  return std::nullopt;
}

}  // namespace assay::kernel_log
