// The node's time: the machine's on a real node, a shared virtual clock on a simulated one.
#pragma once

#include <limits>

#include "harness/model/time.h"

namespace assay {

/// A deadline that never comes: sleep_until(kForever) ends by interrupt() alone.
inline constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanoseconds now() const = 0;

  /// Returns at `deadline`, or earlier after interrupt(). False when interrupted.
  virtual bool sleep_until(Nanoseconds deadline) = 0;
  bool sleep_for(Nanoseconds duration) { return sleep_until(now() + duration); }

  /// The caller comes back to the clock at `deadline`, by sleep_until(), and asks nothing of it before: what
  /// it works out meanwhile takes no time, and others need not wait for it.
  virtual void will_sleep_until(Nanoseconds) {}

  /// Makes one pending or the next sleep_until return false. Callable from another thread.
  virtual void interrupt() = 0;

  /// Whoever slept by this clock is stuck elsewhere and will not come back: virtual time no longer waits for
  /// it.
  virtual void abandon() {}
};

}  // namespace assay
