// The workers of one placement, from their start to their end, and the steps that they work on.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "harness/model/plan.h"
#include "harness/run/rank_exchange.h"
#include "harness/run/step_journal.h"
#include "harness/run/worker_handle.h"

namespace assay::run {

struct Crew {
  Crew(const Stage& at, const Placement& of, std::vector<OpenStep> open);

  const Stage* stage;
  const Placement* placement;
  std::vector<OpenStep> steps;                         // by body
  std::vector<std::unique_ptr<WorkerHandle>> workers;  // those that live; each knows its rank
  RankExchange exchange;
  /// By the node's time: beside the workers' deadlines, which are real.
  Nanoseconds node_deadline = kForever;

  /// The same of the exchange under way, for those who have not come to it.
  Nanoseconds exchange_node_deadline = kForever;
  WorkerDeadline::Time exchange_deadline = WorkerDeadline::Time::max();

  bool over() const { return workers.empty(); }
  /// Its ranks ask NCCL about one that is gone.
  bool has_last_words;
  /// One of its ranks has ended before its work was done.
  bool has_lost_one = false;
  /// Of ranks that ask NCCL: until then those that are left, or have said what is wrong, may take to end.
  WorkerDeadline::Time last_words_until = WorkerDeadline::Time::max();

  /// It will not move on by itself: all of it has ended, or waits until its lifetime is over.
  bool rests() const;
};

using Crews = std::vector<std::unique_ptr<Crew>>;
std::vector<Crew*> pointers(const Crews& crews);

/// What a crew's assignments are made of.
struct CrewContext {
  const Plan& plan;
  NodeSession& node;
  const NodeReadings& readings;
  ipc::ChildFiles child_files;
  std::string run_folder;  // for what checks attach
  bool threads = false;    // where a placement does not need processes
  /// By task: what an attempt had left that was killed with the run (Context::begun()).
  const std::map<Task, nlohmann::json>& begun;
};

/// When the crew's work is to be over that begins now.
Nanoseconds node_deadline_of(const Stage& stage, NodeSession& node);

/// Starts a worker for each participant. `measurement` decides their data (model/attempts.h).
void start_workers(Crew& crew, const CrewContext& context, int measurement);

}  // namespace assay::run
