// The machine's own clock.
#pragma once

#include <condition_variable>
#include <mutex>

#include "harness/node/clock.h"

namespace assay {

/// Wall time, carried on by the monotonic clock from the moment of construction: it never jumps within a run.
class RealClock : public Clock {
 public:
  RealClock();
  Nanoseconds now() const override;
  bool sleep_until(Nanoseconds deadline) override;
  void interrupt() override;

 private:
  Nanoseconds offset_;  // wall time minus monotonic time
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

}  // namespace assay
