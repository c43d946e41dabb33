#include "harness/run/idle_gate.h"

namespace assay::run {
namespace {

constexpr double kPollS = 1;  // the utilisation counter's own period

}  // namespace

IdleGate::Answer IdleGate::wait(const std::vector<Resident>& residents) {
  for (;;) {
    who_.clear();
    if (interrupt_.requested()) return Answer::interrupted;
    if (!counters_.snapshot()) return Answer::sampler_lost;
    who_ = foreign_work(plan_, counters_.readings(), residents);
    if (who_.empty()) return Answer::idle;
    if (patience_s_ <= 0) return Answer::busy;
    if (patience_s_ == plan_.idle_timeout_s)
      progress_.note("waiting for an idle node: " + who_.front().message);
    patience_s_ -= kPollS;
    clock_.sleep_for(static_cast<Nanoseconds>(kPollS * kSecond));
  }
}

}  // namespace assay::run
