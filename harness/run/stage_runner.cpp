#include "harness/run/stage_runner.h"

#include <algorithm>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/model/telemetry_measures.h"

namespace assay::run {
namespace {

bool uses_gpus(const Placements& placements) {
  return std::any_of(placements.begin(), placements.end(),
                     [](const Placement* placement) { return !gpus_of(*placement).empty(); });
}

}  // namespace

StageRunner::StageRunner(const RunServices& services, telemetry::Ledger ledger)
    : services_(services),
      journal_(services.journal, services.plan, services.criteria),
      counters_(services.sampler, services.node, journal_, services.plan, std::move(ledger)),
      gate_(services.plan, counters_, services.node.clock(), services.progress, services.interrupt),
      pool_(journal_, services.node, services.sampler, counters_, services.progress, services.interrupt) {}

bool StageRunner::run(const Stage& stage, const Placements& placements, Attempt attempt) {
  services_.progress.stage_started(stage, attempt.number);
  using Answer = IdleGate::Answer;
  const bool on_gpus = uses_gpus(placements);
  const Answer answer = on_gpus                ? gate_.wait(pool_.residents())
                        : counters_.snapshot() ? Answer::idle
                                               : Answer::sampler_lost;
  pool_.note_interrupt();
  Crews crews = open(stage, placements, attempt.number);
  if (!gate_.waited_for().empty()) {
    for (const auto& crew : crews) journal_.log(crew->steps.front(), gate_.waited_for());
  }
  if (pool_.interrupted()) {
    fail(pointers(crews), Error::of(codes::interrupted, {"the run was interrupted", "运行被中断"}, ""));
  } else if (answer == Answer::sampler_lost && !on_gpus) {
    fail(pointers(crews), counters_.loss());  // such a check looks at readings, and there are no fresh ones
  } else if (answer == Answer::busy) {
    for (const Busy& who : gate_.who()) fail(pointers(crews), Error::of(who.symptom, who.message, who.part));
  } else {
    for (auto& crew : crews) fail_or_start(*crew, attempt.measurement);
    for (auto& crew : crews) pool_.add(std::move(crew));
    crews.clear();
    pool_.serve();
    crews = pool_.take_over();
    std::vector<Crew*> seen = pointers(crews);
    for (Crew* resident : pool_.resting(stage)) seen.push_back(resident);  // the first half of its work
    const bool any_gpu = std::any_of(seen.begin(), seen.end(),
                                     [](const Crew* crew) { return !gpus_of(*crew->placement).empty(); });
    if (any_gpu) attribute(seen);
  }
  close(crews);
  return !pool_.interrupted();
}

bool StageRunner::finish_residents(int stage) {
  if (!pool_.empty()) {
    pool_.wake(stage);
    pool_.serve();
  }
  if (const auto over = pool_.take_over(); !over.empty()) {
    attribute(pointers(over));
    close(over);
  }
  return !pool_.interrupted();
}

void StageRunner::look(int number) {
  Stage stage;
  stage.index = static_cast<int>(services_.plan.stages.size()) + number;
  std::vector<Placement> placements;
  for (const PlannedSlot& slot : services_.plan.slots) {
    if (slot.pci_address.empty()) continue;
    placements.push_back({slot.part, {{kTelemetryCheck}}, {{{slot.part}}}, {}, stage.index, std::nullopt});
  }
  Placements all;
  for (const Placement& placement : placements) all.push_back(&placement);
  const auto crews = open(stage, all, 1);
  attribute(pointers(crews));
  close(crews);
}

Crews StageRunner::open(const Stage& stage, const Placements& placements, int attempt) {
  Crews crews;
  for (const Placement* placement : placements)
    crews.push_back(
        std::make_unique<Crew>(stage, *placement, journal_.start(*placement, stage.index, attempt)));
  return crews;
}

void StageRunner::fail_or_start(Crew& crew, int measurement) {
  for (const Part& gpu : gpus_of(*crew.placement)) {
    if (!pool_.hangs(gpu)) continue;
    fail({&crew}, Error::of(codes::worker_unkillable,
                            {"left out: an earlier worker still hangs on it",
                             "已跳过：此前的工作进程仍挂死在该 GPU 上"},
                            gpu));
    return;  // its ranks could never meet
  }
  start_workers(crew,
                {services_.plan, services_.node, counters_.readings(), services_.child_files,
                 services_.run_folder, services_.thread_workers, begun_},
                measurement);
}

void StageRunner::attribute(const std::vector<Crew*>& crews) {
  if (!counters_.snapshot()) return fail(crews, counters_.loss());
  name_foreign_processes(crews);
  counters_.record_strays();  // before the marks: they say that all before them has been written
  for (Crew* crew : crews) counters_.attribute(crew->steps.front(), gpus_of(*crew->placement));
}

/// Who came while they measured. Not who is busy without a process: for a moment that may have been
/// ourselves.
void StageRunner::name_foreign_processes(const std::vector<Crew*>& crews) {
  std::vector<Resident> ours = pool_.residents();
  for (Resident& ended : pool_.take_ended()) ours.push_back(std::move(ended));
  for (const Busy& who : foreign_work(services_.plan, counters_.readings(), ours)) {
    if (who.symptom != codes::foreign_process) continue;
    for (Crew* crew : crews) {
      const std::vector<Part> gpus = gpus_of(*crew->placement);
      if (!who.part.gpu_slot() || std::find(gpus.begin(), gpus.end(), who.part) != gpus.end())
        fail({crew}, Error::of(who.symptom, who.message, who.part));
    }
  }
}

void StageRunner::close(const Crews& over) {
  int failed = 0;
  for (const auto& crew : over) {
    journal_.end(crew->steps);
    failed += static_cast<int>(std::count_if(crew->steps.begin(), crew->steps.end(),
                                             [](const OpenStep& step) { return step.failed; }));
  }
  counters_.record_strays();
  journal_.sync();
  services_.progress.stage_ended(failed);
}

void StageRunner::fail(const std::vector<Crew*>& crews, const Error& error) {
  for (Crew* crew : crews) {
    for (OpenStep& step : crew->steps) journal_.fail(step, error);
  }
}

}  // namespace assay::run
