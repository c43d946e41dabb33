#include "harness/run/worker_deadline.h"

namespace assay::run {

WorkerDeadline::Due WorkerDeadline::due(Time now) {
  if (now < next_) return Due::nothing;
  switch (phase_) {
    case Phase::working:
      return Due::stop;
    case Phase::terminating:
      phase_ = Phase::killing;
      next_ = now + kKillGrace;
      return Due::kill;
    case Phase::killing:
      phase_ = Phase::given_up;
      next_ = Time::max();
      return Due::give_up;
    case Phase::given_up:
      break;
  }
  return Due::nothing;
}

void WorkerDeadline::stopped(Time now) {
  if (phase_ != Phase::working) return;
  phase_ = Phase::terminating;
  next_ = now + kTermGrace;
}

void WorkerDeadline::suspend() {
  if (phase_ == Phase::working) next_ = Time::max();
}

void WorkerDeadline::set_deadline(Time deadline) {
  if (phase_ == Phase::working) next_ = deadline;
}

}  // namespace assay::run
