// The kernel log's word on GPUs: Xid lines, GPUs that fell off the bus, NVSwitch errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/base/descriptor.h"

namespace assay::telemetry {

struct KernelEvent {
  enum class Kind { xid, fallen_off_bus, nvswitch };
  Kind kind = Kind::xid;
  int number = 0;             // Xid or SXid; 0 for fallen_off_bus
  std::string pci_address;    // "0000:9b:00.0"; a function that the line leaves out is 0
  std::string line;           // as logged, without the logger's own prefix
  std::int64_t pid = 0;       // whose work the driver says it was; 0 where it does not
  std::string process;        // its name, at most 15 characters; empty likewise
  std::int64_t time_us = 0;   // the kernel's clock since boot; 0 in a log that does not tell
  int nvswitch = -1;          // which NVSwitch the line names, for Kind::nvswitch
  bool fatal = false;         // for Kind::nvswitch: the line says Fatal
  std::int64_t position = 0;  // of the log, behind the line (KernelLog::position)
  std::int64_t more = 0;      // further events of its kind that were only counted (event_digest.h)
};

void to_json(nlohmann::json& j, const KernelEvent& event);
void from_json(const nlohmann::json& j, KernelEvent& event);

/// The process that the event names is none of this run's: its name is not that of our workers. The number
/// would tell less: in a container it is another than the one we know. CUDA's multi-process server may have
/// worked for us.
bool is_foreign(const KernelEvent& event);

/// The event of one line, or nothing: most lines of the driver are none, and a malformed one is none.
/// Forms: nvidia.com/deploy/xid-errors; NVSwitch lines carry "SXid".
std::optional<KernelEvent> parse_kernel_line(std::string_view line);

/// Follows /dev/kmsg, or a file of such lines.
class KernelLog {
 public:
  static constexpr std::int64_t kFromEnd = -1;

  /// Opens the log, to be read from `position` on (a position() of the same boot), or from its end. why_not()
  /// tells when it could not be read, or is no longer whole: the kernel's ring overtook us.
  explicit KernelLog(const std::string& path, std::int64_t position = kFromEnd);
  /// Behind the last record that poll() has looked at.
  std::int64_t position() const { return position_; }
  const std::string& why_not() const { return why_not_; }
  /// Why lines are missing since the last call: it cannot be read at all, or its ring has overtaken us. Empty
  /// when none are.
  std::string take_loss();
  /// Events since the last call. Does not block.
  std::vector<KernelEvent> poll();

 private:
  void take(std::string_view record, std::vector<KernelEvent>& events);

  Descriptor fd_;
  std::string why_not_;
  bool is_device_ = false;
  std::int64_t position_ = 0;  // a file's offset; the next sequence number of /dev/kmsg
  bool resumed_ = false;       // at a position, of which nothing has been read yet
  std::string partial_line_;
};

}  // namespace assay::telemetry
