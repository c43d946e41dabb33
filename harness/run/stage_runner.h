// Runs one stage of the plan: waits for an idle node, starts the crews of its placements, and closes their
// steps with what the sampler saw meanwhile.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "harness/model/criteria.h"
#include "harness/record/journal.h"
#include "harness/run/counter_ledger.h"
#include "harness/run/idle_gate.h"
#include "harness/run/worker_pool.h"

namespace assay::run {

/// What all stages of a run share.
struct RunServices {
  const Plan& plan;
  const Criteria& criteria;
  record::Journal& journal;
  NodeSession& node;
  SamplerClient& sampler;
  Progress& progress;
  Interrupt& interrupt;
  ipc::ChildFiles child_files;
  std::string run_folder;
  bool thread_workers = false;  // simulated nodes only
};

/// An attempt at a measurement: the same one again where an earlier attempt was interrupted
/// (model/attempts.h). Data and noise are the measurement's, so that interruptions change neither.
struct Attempt {
  int number = 1;
  int measurement = 1;
};

using Placements = std::vector<const Placement*>;

class StageRunner {
 public:
  /// `ledger` is where the counters' deltas start from.
  StageRunner(const RunServices& services, telemetry::Ledger ledger);

  /// Before the first look of a run that goes on: the driver lists the workers that were killed with it until
  /// it has taken their memory back, 0.18 s for the 139 GiB of an H200, and they are nobody else's.
  void wait_for_what_was_killed() { gate_.settle(pool_.residents()); }

  /// Before the first stage of a run that goes on: what the attempts had left that were killed with it.
  void take_up(std::map<Task, nlohmann::json> begun) { begun_ = std::move(begun); }

  /// Runs these of the stage's placements. Residents among them rest when it returns, and their steps are
  /// open. False when the run was interrupted.
  bool run(const Stage& stage, const Placements& placements, Attempt attempt);

  /// Lets the residents whose lifetime ends at this stage, or ended before, come to their end. False when the
  /// run was interrupted.
  bool finish_residents(int stage);

  /// A look at every GPU's counters and at the kernel log, as steps of their own (check "telemetry"), behind
  /// the plan's stages: what happened after the last GPU step counts too, and what happened before a run went
  /// on. Looks are numbered from 0.
  void look(int number);

 private:
  Crews open(const Stage& stage, const Placements& placements, int attempt);
  void fail_or_start(Crew& crew, int measurement);
  /// What the sampler has seen while they ran.
  void attribute(const std::vector<Crew*>& crews);
  void name_foreign_processes(const std::vector<Crew*>& crews);
  void close(const Crews& over);
  void fail(const std::vector<Crew*>& crews, const Error& error);

  const RunServices services_;
  StepJournal journal_;
  CounterLedger counters_;
  IdleGate gate_;
  WorkerPool pool_;
  std::map<Task, nlohmann::json> begun_;
};

}  // namespace assay::run
