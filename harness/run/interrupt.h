// Ctrl-C and its relatives, as a descriptor that the supervisor polls.
#pragma once

#include <chrono>
#include <optional>

#include "harness/run/channel.h"

namespace assay::run {

/// Real time. What has to be ended gets as long at first (run/worker_handle.h).
inline constexpr std::chrono::seconds kInsistsAfter{2};

class Interrupt {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP and receives them through a descriptor instead. Restores the mask when
  /// destroyed.
  Interrupt();
  ~Interrupt();
  int fd() const { return fd_.get(); }
  /// A signal has come. Another one, kInsistsAfter later or more, ends the process at once, as if it had been
  /// killed: somebody means it. Sooner it is the same one: terminals, time-outs and people send it twice.
  bool requested();

 private:
  Descriptor fd_;
  std::optional<std::chrono::steady_clock::time_point> first_;
};

}  // namespace assay::run
