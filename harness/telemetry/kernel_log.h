// The kernel log's word on GPUs: Xid lines, GPUs that fell off the bus, NVSwitch errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/run/channel.h"

namespace assay::telemetry {

struct KernelEvent {
  enum class Kind { xid, fallen_off_bus, nvswitch };
  Kind kind = Kind::xid;
  int number = 0;           // Xid or SXid; 0 for fallen_off_bus
  std::string pci_address;  // "0000:9b:00.0"; a function that the line leaves out is 0
  std::string line;         // as logged, without the logger's own prefix
};

void to_json(nlohmann::json& j, const KernelEvent& event);
void from_json(const nlohmann::json& j, KernelEvent& event);

/// The event of one line, or nothing: most lines of the driver are none, and a malformed one is none.
/// Forms: nvidia.com/deploy/xid-errors; NVSwitch lines carry "SXid".
std::optional<KernelEvent> parse_kernel_line(std::string_view line);

/// Follows /dev/kmsg, or a file of such lines, from its end on.
class KernelLog {
 public:
  /// Opens the log; why_not() tells when it could not be read.
  explicit KernelLog(const std::string& path);
  const std::string& why_not() const { return why_not_; }
  /// Events since the last call. Does not block.
  std::vector<KernelEvent> poll();

 private:
  run::Descriptor fd_;
  std::string why_not_;
  bool is_device_ = false;
  std::string partial_line_;
};

}  // namespace assay::telemetry
