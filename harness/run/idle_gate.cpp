#include "harness/run/idle_gate.h"

#include <algorithm>

namespace assay::run {
namespace {

/// What we did ourselves shows in the utilisation for up to 0.33 s after its end (H200, driver 580.159): for
/// so long nobody is told, and no patience is spent.
constexpr double kSettlingS = 1;
constexpr double kSettlingPollS = 0.25;
constexpr double kPollS = 1;

}  // namespace

IdleGate::Answer IdleGate::wait(const std::vector<Resident>& residents, bool patiently) {
  waited_for_.clear();
  for (double waited_s = 0;;) {
    who_.clear();
    if (interrupt_.requested()) return Answer::interrupted;
    if (!counters_.snapshot()) return Answer::sampler_lost;
    who_ = foreign_work(plan_, counters_.readings(), residents);
    if (who_.empty()) return Answer::idle;
    const bool settling = waited_s < kSettlingS;
    const bool in_vain = std::any_of(who_.begin(), who_.end(), [](const Busy& busy) { return busy.stays; });
    if (!settling) {
      if (in_vain) return Answer::busy;
      if (!patiently || patience_s_ <= 0) return Answer::busy;
      if (waited_for_.empty()) waited_for_ = "waited for an idle node: " + who_.front().message.english;
      if (patience_s_ == plan_.idle_timeout_s)
        progress_.note("waiting for an idle node: " + who_.front().message.english);
      patience_s_ -= kPollS;
    }
    const double poll_s = settling ? kSettlingPollS : kPollS;
    waited_s += poll_s;
    clock_.sleep_for(static_cast<Nanoseconds>(poll_s * kSecond));
  }
}

}  // namespace assay::run
