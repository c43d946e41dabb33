// A worker's deadline: asked to end when it has passed, then made to, then given up. A worker that rests has
// none.
#pragma once

#include <chrono>

namespace assay::run {

/// Real time between being asked to end, being made to, and being given up.
inline constexpr std::chrono::milliseconds kTermGrace{1000};
inline constexpr std::chrono::milliseconds kKillGrace{3000};

class WorkerDeadline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit WorkerDeadline(Time deadline) : next_(deadline) {}

  enum class Due { nothing, stop, kill, give_up };
  /// What is to be done now; each but `nothing` is due once.
  Due due(Time now);
  /// It has been asked to end, for whatever reason.
  void stopped(Time now);
  /// Until set_deadline() it may take as long as it wants, unless it is stopped.
  void suspend();
  void set_deadline(Time deadline);
  /// When due() has to be asked again at the latest.
  Time next() const { return next_; }

 private:
  enum class Phase { working, terminating, killing, given_up };
  Phase phase_ = Phase::working;
  Time next_;
};

}  // namespace assay::run
