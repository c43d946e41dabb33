// The crews at work: follows what their workers say and how they end, until each is over or rests.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "harness/node/backend.h"
#include "harness/run/counter_ledger.h"
#include "harness/run/crew.h"
#include "harness/run/foreign_work.h"
#include "harness/run/interrupt.h"
#include "harness/run/progress.h"
#include "harness/run/sampler_client.h"

namespace assay::run {

class WorkerPool {
 public:
  WorkerPool(StepJournal& journal, NodeSession& node, SamplerClient& sampler, CounterLedger& counters,
             Progress& progress, Interrupt& interrupt)
      : journal_(journal),
        node_(node),
        sampler_(sampler),
        counters_(counters),
        progress_(progress),
        interrupt_(interrupt) {}

  void add(std::unique_ptr<Crew> crew) { crews_.push_back(std::move(crew)); }
  /// Until every crew is over or rests. When the run is interrupted, all workers are stopped.
  void serve();
  /// Tells the residents whose lifetime ends at this stage, or ended before, to go on.
  void wake(int stage);
  /// The crews that rest and were started at this stage.
  std::vector<Crew*> resting(const Stage& stage) const;
  /// Takes out the crews that are over.
  Crews take_over();

  bool empty() const { return crews_.empty(); }
  /// Workers of ours that live: those that rest, and those that even SIGKILL did not end.
  std::vector<Resident> residents() const;
  /// Those that have ended since the last call.
  std::vector<Resident> take_ended() { return std::exchange(ended_, {}); }
  bool hangs(const Part& gpu) const;
  bool interrupted() const { return interrupted_; }
  void note_interrupt();

 private:
  bool all_rest() const;
  /// Before the last one at work is let off its seat at the clock: otherwise time would run ahead.
  void hold_time_if_all_rest();
  /// When the node's time has to stop for a worker at the latest.
  Nanoseconds next_node_deadline() const;
  void poll_once();
  void handle(Crew& crew, WorkerHandle& worker, const nlohmann::json& message);
  void take(Crew& crew, WorkerHandle& worker, const nlohmann::json& message);
  void look_again(WorkerHandle& worker);
  void tell_power(WorkerHandle& worker, Nanoseconds until);
  void let_stay(const Crew& crew, WorkerHandle& worker);
  void worker_ended(Crew& crew, std::size_t index);
  /// A scheduler that ends its job signals all of its processes, one after the other: where a worker's signal
  /// came first, this process's own is waited for.
  void wait_for_own_signal(WorkerHandle& worker);

  StepJournal& journal_;
  NodeSession& node_;
  SamplerClient& sampler_;
  CounterLedger& counters_;
  Progress& progress_;
  Interrupt& interrupt_;
  Crews crews_;
  std::vector<Resident> hung_, ended_;
  bool interrupted_ = false;
};

}  // namespace assay::run
