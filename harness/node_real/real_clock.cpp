#include "harness/node_real/real_clock.h"

#include <chrono>

namespace assay {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

Nanoseconds monotonic() {
  return std::chrono::duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

RealClock::RealClock()
    : offset_(std::chrono::duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count() -
              monotonic()) {}

Nanoseconds RealClock::now() const {
  return monotonic() + offset_;
}

bool RealClock::sleep_until(Nanoseconds deadline) {
  const steady_clock::time_point until{nanoseconds(deadline - offset_)};
  std::unique_lock lock(mutex_);
  const bool interrupted = changed_.wait_until(lock, until, [this] { return interrupted_; });
  interrupted_ = false;
  return !interrupted;
}

void RealClock::interrupt() {
  {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
  }
  changed_.notify_all();
}

}  // namespace assay
