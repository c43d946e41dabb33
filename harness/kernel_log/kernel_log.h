// The kernel's log, followed: /dev/kmsg, or a file of lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/descriptor.h"
#include "harness/kernel_log/parse.h"
#include "harness/model/kernel_event.h"
#include "harness/model/time.h"

namespace assay::kernel_log {

inline constexpr const char* kKernelsOwn = "/dev/kmsg";

/// Empty where this is the kernel's own log, and it can be read: containers bind other things over it, and an
/// empty file would say that nothing has happened.
std::string why_not_the_kernels(const std::string& path);

class KernelLog {
 public:
  static constexpr std::int64_t kFromEnd = -1;
  using Take = std::function<void(KernelEvent)>;

  /// Opens the log, to be read from `position` on (a position() of the same boot), or from its end: then
  /// `before` gets the events up to there. why_not() tells when it could not be read, or is no longer whole:
  /// the kernel's ring overtook us.
  explicit KernelLog(const std::string& path, std::int64_t position = kFromEnd, const Take& before = {});
  /// Behind the last record that poll() has looked at.
  std::int64_t position() const { return position_; }
  const std::string& why_not() const { return why_not_; }
  /// Why lines are missing since the last call: it cannot be read at all, or its ring has overtaken us. Empty
  /// when none are.
  std::string take_loss();
  /// Gives `take` the events since the last call, one by one: of a flood no more than a line is held. Does
  /// not block.
  void poll(const Take& take);
  std::vector<KernelEvent> poll();

 private:
  void look_at(std::string_view record, const Take& take);
  void look_at_all(const Take& take);

  Descriptor fd_;
  std::string why_not_;
  bool is_device_ = false;
  Nanoseconds booted_ = 0;     // when a device's clock began
  std::int64_t position_ = 0;  // a file's offset; the next sequence number of /dev/kmsg
  bool resumed_ = false;       // at a position, of which nothing has been read yet
  std::string buffer_;
  std::size_t torn_ = 0;  // bytes of a line in buffer_ whose end has not come
  std::int64_t cut_ = 0;  // further bytes of it that were let go: it is longer than any of the kernel's
  LineReader lines_;
  std::vector<KernelEvent> found_;  // in one line
};

/// Hands the events of a whole text file to `take`, as KernelLog::poll() does.
/// Throws std::runtime_error where it cannot be read.
void read_all(const std::string& path, const KernelLog::Take& take);

}  // namespace assay::kernel_log
