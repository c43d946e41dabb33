// One worker as the supervisor follows it: what it has said, and whether and how it came to its end.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "harness/record/run_record.h"
#include "harness/run/child.h"
#include "harness/run/worker.h"

namespace assay::run {

/// What a worker may send in one step before it counts as flooding: far above what any check emits.
inline constexpr std::size_t kMaxFramesPerStep = 20'000;
inline constexpr std::size_t kMaxBytesPerStep = 64u << 20;

/// Real time between being asked to end, being made to, and being given up.
inline constexpr std::chrono::milliseconds kTermGrace{1000};
inline constexpr std::chrono::milliseconds kKillGrace{3000};

class WorkerHandle {
 public:
  using Time = std::chrono::steady_clock::time_point;

  WorkerHandle(std::unique_ptr<Child> child, Assignment assignment, Time deadline);

  /// For poll(); -1 once its channel is closed.
  int fd() const { return channel_open_ ? child_->fd() : -1; }
  /// Reads what it sent. Hands out messages one by one through next().
  void read();
  std::optional<nlohmann::json> next();

  /// Stops it for this reason: SIGTERM now, SIGKILL after kTermGrace. The first reason stands.
  void stop(const std::string& symptom, const std::string& why, Time now);
  /// Deadlines, signals, reaping. True once it is over, in one way or another.
  bool over(Time now);
  /// When over() has to be asked again at the latest.
  Time next_deadline() const { return deadline_; }

  /// Why the step did not complete; nothing for a worker that finished as it should.
  std::optional<record::Error> failure() const;
  bool lost() const { return lost_; }
  bool stopped() const { return !stop_symptom_.empty(); }
  const Assignment& assignment() const { return assignment_; }
  Child& child() { return *child_; }

  bool reported_error = false;  // it sent an error of its own

 private:
  enum class Phase { working, terminating, killing };

  std::unique_ptr<Child> child_;
  Assignment assignment_;
  FrameDecoder decoder_;
  Phase phase_ = Phase::working;
  Time deadline_;
  bool channel_open_ = true, done_ = false, torn_ = false, lost_ = false;
  std::size_t frames_ = 0;
  std::string stop_symptom_, stop_why_;
  std::optional<Ending> ending_;
};

}  // namespace assay::run
