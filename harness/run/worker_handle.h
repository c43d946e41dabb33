// One worker as the supervisor follows it: what it has said, and whether and how it came to its end.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "harness/ipc/child.h"
#include "harness/model/phrase.h"
#include "harness/model/run.h"
#include "harness/run/assignment.h"
#include "harness/run/worker_deadline.h"

namespace assay::run {

/// What a worker may send in one step before it counts as flooding: far above what any check emits.
inline constexpr std::size_t kMaxFramesPerStep = 20'000;
inline constexpr std::size_t kMaxBytesPerStep = 64u << 20;

class WorkerHandle {
 public:
  using Time = WorkerDeadline::Time;

  WorkerHandle(std::unique_ptr<ipc::Child> child, Assignment assignment, Time deadline);

  /// For poll(); -1 once its channel is closed.
  int fd() const { return channel_open_ ? child_->fd() : -1; }
  /// Reads what it sent. Hands out messages one by one through next().
  void read();
  std::optional<nlohmann::json> next();

  /// Stops it for this reason: SIGTERM now, SIGKILL after kTermGrace. The first reason stands.
  void stop(const FindingCode& symptom, const Phrase& why, Time now);
  void deadline_passed(Time now);
  /// Deadlines, signals, reaping. True once it is over, in one way or another.
  bool over(Time now);
  /// When over() has to be asked again at the latest.
  Time next_deadline() const { return deadline_.next(); }
  /// It waits to be told that it may go on: until then it has no deadline, and afterwards this one.
  void rest();
  void go_on(Time deadline);
  bool resting() const { return resting_; }

  /// It was ended by a SIGTERM that is not of stop().
  bool ended_from_outside() const;
  /// By whoever ended the run, too: no fault of its own.
  void ended_with_the_run();

  /// Why the step did not complete; nothing for a worker that finished as it should.
  std::optional<Error> failure() const;
  bool lost() const { return lost_; }
  const Part& part() const { return assignment_.part; }
  bool stopped() const { return !stop_symptom_.empty(); }
  const Assignment& assignment() const { return assignment_; }
  ipc::Child& child() { return *child_; }

  bool reported_error = false;  // it sent an error of its own

 private:
  std::unique_ptr<ipc::Child> child_;
  Assignment assignment_;
  ipc::FrameDecoder decoder_;
  WorkerDeadline deadline_;
  bool channel_open_ = true, resting_ = false, done_ = false, torn_ = false, lost_ = false;
  std::size_t frames_ = 0;
  FindingCode stop_symptom_;
  Phrase stop_why_;
  std::optional<ipc::Ending> ending_;
};

}  // namespace assay::run
