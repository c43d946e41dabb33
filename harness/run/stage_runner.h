// Runs one stage of the plan: waits for an idle node, starts its workers, writes down what they say and how
// they ended, and what the sampler saw meanwhile.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/criteria.h"
#include "harness/record/journal.h"
#include "harness/run/idle.h"
#include "harness/run/interrupt.h"
#include "harness/run/node_session.h"
#include "harness/run/progress.h"
#include "harness/run/sampler_client.h"
#include "harness/run/worker_handle.h"
#include "harness/telemetry/ledger.h"

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
  ChildFiles child_files;
  bool thread_workers = false;  // simulated nodes only
};

/// An attempt at a measurement: the same one again where an earlier attempt was interrupted
/// (record/attempts.h). Data and noise are the measurement's, so that interruptions change neither.
struct Attempt {
  int number = 1;
  int measurement = 1;
};

class StageRunner {
 public:
  /// `ledger` is where the counters' deltas start from.
  StageRunner(const RunServices& services, telemetry::Ledger ledger);

  /// Runs the stage on these of its step parts (plan.h: step_parts). False when the run was interrupted.
  bool run(const Stage& stage, const std::vector<Part>& parts, Attempt attempt);

  /// A look at every GPU's counters and at the kernel log, as steps of their own (check "telemetry"), behind
  /// the plan's stages: what happened after the last GPU step counts too, and what happened before a run went
  /// on. Looks are numbered from 0.
  void look(int number);

 private:
  struct Step {
    std::string id;
    Part part;
    bool failed = false;
  };

  bool run_together(const Stage& stage, const std::vector<Part>& parts, Attempt attempt);
  /// False with who is at work, when the waiting ends without an idle node.
  bool wait_until_idle(std::vector<Busy>& who);
  void start_workers(const Stage& stage, int measurement);
  void serve_workers();
  void poll_once();
  void handle(WorkerHandle& worker, const nlohmann::json& message);
  void handle_exchange(WorkerHandle& worker, const nlohmann::json& message);
  void worker_ended(std::size_t index);
  /// Of a step's workers that need one another, only the one that broke the step is to be named.
  std::optional<record::Error> judge_rank(const WorkerHandle& worker, std::optional<record::Error> failure);
  void record_telemetry(const Stage& stage);
  void record_telemetry_of(Step& step, const PlannedSlot& slot);
  /// Kernel events that belong to no planned GPU: NVSwitches, GPUs in no slot.
  void record_stray_events();
  void note_lost_sampler();
  void fail_step(Step& step, const record::Error& error);
  void fail_all(const record::Error& error);
  void end_steps();
  Step& step_of(const WorkerHandle& worker);
  std::vector<Limit> limits_of(const std::string& check, const std::string& measurement) const;
  const PlannedSlot* slot_of(const Part& part) const;
  bool snapshot();

  RunServices services_;
  telemetry::Ledger ledger_;
  std::vector<Step> steps_;
  std::vector<std::unique_ptr<WorkerHandle>> workers_;
  std::vector<std::optional<std::string>> exchange_;  // by rank, of the exchange under way
  std::set<Part> hung_gpus_;
  double idle_budget_s_;
  bool interrupted_ = false;
};

}  // namespace assay::run
