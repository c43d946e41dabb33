#include "harness/run/crew.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "harness/check.h"
#include "harness/run/attachment.h"
#include "harness/run/worker.h"

namespace assay::run {
namespace {

using std::chrono::milliseconds;

nlohmann::json begun_of(const CrewContext& context, const Task& task) {
  const auto found = context.begun.find(task);
  return found == context.begun.end() ? nlohmann::json() : found->second;
}

Assignment assignment_for(const Crew& crew, std::size_t rank, const CrewContext& context, int measurement) {
  const Placement& placement = *crew.placement;
  Assignment assignment;
  // A worker with one GPU works on that, whatever its placement is part of.
  const std::vector<Part>& devices = placement.participants[rank].devices;
  assignment.part = devices.size() == 1 ? devices.front() : placement.part;
  assignment.placement = placement.part;
  const auto is_there = [&](const Participant& other) { return other.devices == devices; };
  const auto& all = placement.participants;
  const auto mine = all.begin() + static_cast<std::ptrdiff_t>(rank);
  assignment.ranks_of_a_gpu =
      devices.empty() ? 1 : static_cast<int>(std::count_if(all.begin(), all.end(), is_there));
  const auto among_its_gpus = static_cast<int>(std::count_if(all.begin(), mine, is_there));
  for (std::size_t i = 0; i < placement.bodies.size(); ++i) {
    const Body& body = placement.bodies[i];
    assignment.bodies.push_back(
        {body.check, body.variant,
         seed_of(context.plan.seed, crew.stage->index, body.check, body.variant, assignment.part, measurement,
                 among_its_gpus),
         body.duration_s, body.memory_share,
         attachments_of(context.run_folder, crew.steps[i].id, placement.participants.size(), rank),
         begun_of(context, task_of(crew.stage->index, placement, body))});
  }
  for (const Part& device : placement.participants[rank].devices) {
    const PlannedSlot* slot = slot_of(context.plan, device);
    assignment.devices.push_back({device, slot == nullptr ? "" : slot->pci_address});
  }
  assignment.rank = static_cast<int>(rank);
  assignment.ranks = static_cast<int>(placement.participants.size());
  std::vector<Sharers> sharers;
  for (const Body& body : placement.bodies) sharers.push_back(body.sharers);
  assignment.node = context.node.new_worker_address(sharers);
  for (const PlannedSlot& slot : context.plan.slots)
    assignment.slots.push_back({slot.part, slot.pci_address});
  assignment.readings = context.readings;
  assignment.settling = context.plan.settling;
  return assignment;
}

/// What the placement asks for, and the GPUs that this worker is to see.
std::map<std::string, std::string> environment_of(const Placement& placement, std::size_t rank,
                                                  const CrewContext& context) {
  std::vector<std::string> uuids;
  for (const Part& device : placement.participants[rank].devices) {
    const PlannedSlot* slot = slot_of(context.plan, device);
    uuids.push_back(slot == nullptr ? "" : slot->uuid);
  }
  std::map<std::string, std::string> environment = context.node.environment(uuids);
  for (const auto& [name, value] : placement.environment) environment[name] = value;
  return environment;
}

std::unique_ptr<ipc::Child> start_child(const Placement& placement, std::size_t rank,
                                        const CrewContext& context) {
  if (context.threads && placement.environment.empty()) {
    return ipc::spawn_thread(
        [&backend = context.node.backend()](int fd) { return worker_main(fd, backend); });
  }
  return ipc::spawn_process("__worker", context.child_files, environment_of(placement, rank, context));
}

}  // namespace

Crew::Crew(const Stage& at, const Placement& of, std::vector<OpenStep> open)
    : stage(&at), placement(&of), steps(std::move(open)), exchange(of.participants.size()) {
  const Check* check = find_check(of.bodies.front().check);
  has_last_words = check != nullptr && check->uses_nccl;
}

bool Crew::rests() const {
  return std::all_of(workers.begin(), workers.end(), [](const auto& worker) { return worker->resting(); });
}

std::vector<Crew*> pointers(const Crews& crews) {
  std::vector<Crew*> all;
  for (const auto& crew : crews) all.push_back(crew.get());
  return all;
}

Nanoseconds node_deadline_of(const Stage& stage, NodeSession& node) {
  return node.clock().now() + nanoseconds_of(stage.deadline_s);
}

void start_workers(Crew& crew, const CrewContext& context, int measurement) {
  const auto deadline =
      std::chrono::steady_clock::now() + milliseconds(static_cast<long>(crew.stage->deadline_s * 1000));
  crew.node_deadline = node_deadline_of(*crew.stage, context.node);
  for (std::size_t rank = 0; rank < crew.placement->participants.size(); ++rank) {
    auto assignment = assignment_for(crew, rank, context, measurement);
    crew.workers.push_back(std::make_unique<WorkerHandle>(start_child(*crew.placement, rank, context),
                                                          std::move(assignment), deadline));
  }
  for (const auto& worker : crew.workers) {
    try {
      worker->child().send(worker->assignment());
    } catch (const ipc::ProtocolError&) {
      // It died at once or reads nothing: its reaping or its deadline tells.
    }
  }
}

}  // namespace assay::run
