// Lines of the kernel's log, as events. Forms: NVIDIA's Xid catalogue (nvidia.com/deploy/xid-errors), the
// open kernel modules, lines that users have published; linux: drivers/pci/pcie/aer.c,
// drivers/edac/edac_mc.c, arch/x86/kernel/cpu/mce/core.c, drivers/firmware/efi/cper.c, mm/oom_kill.c.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

/// The event of one line without its logger's prefix, or nothing: most lines are none, and a malformed one is
/// none. `line` is the text itself.
std::optional<KernelEvent> parse_line(std::string_view text);

/// Reads lines in their order: what the driver spreads over several is one event.
class LineReader {
 public:
  /// Adds the events that this line completes; it may hold several, joined by an escaped newline ("\x0a", as
  /// /dev/kmsg has it). `time_us`: the kernel's clock; 0 where it is not known.
  void take(std::string_view line, std::int64_t time_us, std::vector<KernelEvent>& events);

 private:
  void take_one(std::string_view text, std::string_view logged_at, std::int64_t time_us,
                std::vector<KernelEvent>& events);

  /// "The NVIDIA GPU 0000:18:00.0" / "(PCI ID: 10de:2335) installed in this system has" / "fallen off the bus
  /// and is not responding to commands.": which GPU, what was said so far, and how many lines of others may
  /// still stand between.
  std::string gpu_, said_;
  int patience_ = 0;

  /// Firmware's records come over lines, too: "{1}[Hardware Error]: event severity: recoverable", some lines
  /// on "section_type: PCIe error", and of such "device_id: 0000:5d:00.0".
  std::optional<KernelEvent> take_firmware(std::string_view text);
  std::string severity_line_, section_;
};

/// An event of another process than this run's: its name is not that of our workers. The number would tell
/// less: in a container it is another than the one we know. CUDA's multi-process server may have worked for
/// us.
bool is_foreign(const KernelEvent& event);

}  // namespace assay::kernel_log
