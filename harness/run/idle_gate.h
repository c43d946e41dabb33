// Before a measurement nobody else may be at work on the node: waits for that, within the run's patience.
#pragma once

#include <string>
#include <vector>

#include "harness/node/clock.h"
#include "harness/run/counter_ledger.h"
#include "harness/run/foreign_work.h"
#include "harness/run/interrupt.h"
#include "harness/run/progress.h"

namespace assay::run {

class IdleGate {
 public:
  IdleGate(const Plan& plan, CounterLedger& counters, Clock& clock, Progress& progress, Interrupt& interrupt)
      : plan_(plan),
        counters_(counters),
        clock_(clock),
        progress_(progress),
        interrupt_(interrupt),
        patience_s_(plan.idle_timeout_s) {}

  enum class Answer { idle, busy, interrupted, sampler_lost };
  /// Takes snapshots until the node is idle, but for these residents, or until the run's patience is at its
  /// end: then who() is at work. The patience is one for the whole run; the first second of a wait, in which
  /// our own work is still seen, costs none.
  Answer wait(const std::vector<Resident>& residents) { return wait(residents, true); }
  /// The first second of such a wait, no more.
  Answer settle(const std::vector<Resident>& residents) { return wait(residents, false); }
  const std::vector<Busy>& who() const { return who_; }
  /// What the last wait was for, where it cost patience; empty where it did not.
  const std::string& waited_for() const { return waited_for_; }

 private:
  Answer wait(const std::vector<Resident>& residents, bool patiently);

  const Plan& plan_;
  CounterLedger& counters_;
  Clock& clock_;
  Progress& progress_;
  Interrupt& interrupt_;
  double patience_s_;
  std::vector<Busy> who_;
  std::string waited_for_;
};

}  // namespace assay::run
