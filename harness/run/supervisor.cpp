#include "harness/run/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "harness/base/files.h"
#include "harness/model/attempts.h"
#include "harness/model/declaration.h"
#include "harness/model/finding_codes.h"
#include "harness/record/artifacts.h"
#include "harness/record/journal.h"
#include "harness/record/reader.h"
#include "harness/run/stage_runner.h"
#include "harness/verdict/follow_ups.h"
#include "harness/verdict/judge.h"

namespace assay::run {
namespace {

// A marginal value is measured three times more, and the median is judged; a hang is tried once more.
constexpr int kMarginalRepeats = 3;
constexpr int kHangRepeats = 1;
constexpr int kLastStage = std::numeric_limits<int>::max();

std::vector<Hardware> hardware_of(const Plan& plan) {
  std::vector<Hardware> hardware;
  for (const PlannedSlot& slot : plan.slots) {
    const std::string number = std::to_string(slot.part.gpu_slot().value_or(0));
    const std::string location =
        slot.module_id != 0 ? fmt::format("{} (Module ID {})", number, slot.module_id) : number;
    hardware.push_back({slot.part.path(), slot.name.empty() ? "no GPU found" : slot.name, slot.serial,
                        slot.board_part_number, location});
  }
  return hardware;
}

std::vector<Software> software_of(const NodeReadings& readings) {
  const auto driver = readings.driver_version.value.value_or("unknown");
  const auto nvml = readings.nvml_version.value.value_or("unknown");
  const auto cuda = readings.cuda_driver_version.value;
  return {{"assay", "Assay", ASSAY_VERSION},
          {"driver", "NVIDIA driver", driver},
          {"nvml", "NVML", nvml},
          {"cuda", "CUDA driver", cuda ? fmt::format("{}.{}", *cuda / 1000, *cuda % 1000 / 10) : "unknown"}};
}

std::string host_name() {
  std::string name = read_file("/proc/sys/kernel/hostname");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

class Supervisor {
 public:
  Supervisor(Execution& execution, record::Journal journal)
      : execution_(execution),
        journal_(std::move(journal)),
        progress_(execution.plan, execution.progress, execution.language),
        stages_({execution.plan, execution.criteria, journal_, execution.node, execution.sampler, progress_,
                 execution.interrupt, execution.folder.child_files(), execution.folder.path(),
                 execution.thread_workers},
                execution.ledger) {}

  void start() {
    record::RunStart start;
    start.plan = execution_.plan;
    start.criteria_hash = hash_of(execution_.criteria);
    start.version = ASSAY_VERSION;
    start.command_line = execution_.command_line;
    start.node_name = execution_.node.simulated() ? record::kSimulatedNodeName : host_name();
    start.hardware = hardware_of(execution_.plan);
    start.software = software_of(execution_.readings);
    start.language = execution_.language;
    start.marks = execution_.ledger.marks();
    journal_.run_start(start);
    for (const KernelEvent& event : execution_.readings.events_before) {
      const bool is_its_own = event.meaning != KernelEvent::Meaning::none &&
                              event.meaning != KernelEvent::Meaning::somebody_elses;
      if (!is_its_own) continue;
      journal_.run_log(record::LogSeverity::warning,
                       phrase("before the run: {}{}{}", "运行之前：{}{}{}", event.logged_at,
                              event.logged_at.empty() ? "" : " ", event.explained));
    }
    journal_.sync();
  }

  /// Goes on with a run that was killed: ends what it left open, which is owed again.
  void take_up(const RunRecord& existing) {
    resumed_ = true;
    std::map<Task, nlohmann::json> begun;
    for (const Step& step : existing.steps) {
      // The first attempt's: what it found is what the run began with.
      for (const Evidence& evidence : step.evidence) {
        if (evidence.name == kBegun) begun.try_emplace(task_of(step), evidence.content);
      }
      looks_ = std::max(looks_, step.stage - static_cast<int>(execution_.plan.stages.size()) + 1);
      if (step.status == Status::open) {
        journal_.error(step.id,
                       Error::of(codes::interrupted,
                                 {"the run was killed during this step", "运行在此步骤中被终止"}, ""));
        journal_.step_end(step.id, Status::error);
      }
    }
    stages_.take_up(std::move(begun));
    journal_.run_log(record::LogSeverity::info, "the run goes on where it was killed");
    journal_.sync();
  }

  /// Does what the records do not hold yet: a new run owes everything, one that goes on what is left of it.
  Judgement run() {
    std::map<std::string, Part> parts;
    for (const PlannedSlot& slot : execution_.plan.slots) {
      if (!slot.pci_address.empty()) parts[slot.pci_address] = slot.part;
    }
    execution_.sampler.record(execution_.folder.telemetry(), execution_.plan.sample_hz, parts);
    if (execution_.ledger.lost_a_boot()) {
      journal_.run_error(Error::of(
          codes::telemetry_lost,
          {"the node was booted since the run was killed: what its kernel log and its counters said "
           "between the last record and the boot is lost",
           "运行被终止后节点重启过：最后一条记录与重启之间的内核日志与计数器已丢失"},
          ""));
    }
    if (resumed_) {
      stages_.wait_for_what_was_killed();
      stages_.look(looks_++);  // what happened up to here is not that of the steps to come
    }
    const bool whole = run_all();
    if (!whole) stages_.finish_residents(kLastStage);  // they have been stopped, too
    if (!whole)
      journal_.run_error(Error::of(codes::interrupted,
                                   {"the run was interrupted before its end", "运行在结束之前被中断"}, ""));
    stages_.look(looks_++);
    const std::string why_not_whole = execution_.sampler.finish();
    if (!why_not_whole.empty())
      journal_.run_error(
          Error::of(codes::telemetry_lost,
                    phrase("the telemetry file is not whole: {}", "遥测文件不完整：{}", why_not_whole), ""));
    execution_.node.sampler_gone();
    return close();
  }

 private:
  /// The placements of each stage that are to run: those of the plan, then the follow-ups.
  using Work = std::map<int, Placements>;

  bool run_all() {
    Work planned, follow_ups;
    for (const Stage& stage : execution_.plan.stages) {
      for (const Placement& placement : stage.placements) {
        if (!placement.condition) planned[stage.index].push_back(&placement);
      }
    }
    if (!run_first(planned) || !run_repeats(planned)) return false;
    // What asks for a follow-up is settled now: repeats included.
    const verdict::Triggered due = verdict::triggered(read_back(), execution_.criteria);
    for (const Stage& stage : execution_.plan.stages) {
      for (const Placement& placement : stage.placements) {
        if (due.count({stage.index, placement.part}) != 0) follow_ups[stage.index].push_back(&placement);
      }
    }
    return run_first(follow_ups) && run_repeats(follow_ups);
  }

  bool run_first(const Work& work) {
    const RunRecord so_far = read_back();
    for (const Stage& stage : execution_.plan.stages) {
      const auto placements = work.find(stage.index);
      if (placements != work.end() && !run_owed(so_far, stage, placements->second, 1)) return false;
      if (!stages_.finish_residents(stage.index)) return false;
    }
    return true;
  }

  bool run_repeats(const Work& work) {
    const RunRecord so_far = read_back();
    // Without repeats, so that what is due is the same once some of them have been made.
    const RunRecord first = first_measurements(so_far);
    const std::set<std::string> marginal = marginal_steps(first);
    for (const Stage& stage : execution_.plan.stages) {
      const auto placements = work.find(stage.index);
      if (placements == work.end()) continue;
      std::map<int, Placements> due;  // by number of repeats
      for (const Placement* placement : placements->second) {
        const int repeats = repeats_due(first, marginal, stage, *placement);
        if (repeats > 0) due[repeats].push_back(placement);
      }
      for (const auto& [repeats, again] : due) {
        for (int measurement = 2; measurement <= 1 + repeats; ++measurement) {
          // A resident is not repeated beside the stages that it stayed over: they have been measured.
          if (!run_owed(so_far, stage, again, measurement) || !stages_.finish_residents(kLastStage))
            return false;
        }
      }
    }
    return true;
  }

  /// Makes this measurement with those of the placements where the records do not hold it. A placement owes
  /// it when one of its bodies does.
  bool run_owed(const RunRecord& so_far, const Stage& stage, const Placements& placements, int measurement) {
    std::map<int, Placements> owed;  // by number of the attempt that is due
    for (const Placement* placement : placements) {
      int made = measurement, last = 0;
      for (const Body& body : placement->bodies) {
        const Task task = task_of(stage.index, *placement, body);
        made = std::min(made, measurements_made(so_far, task));
        last = std::max(last, last_attempt(so_far, task));
      }
      if (made >= measurement) continue;
      // Attempts up to the one of the measurement before this have been made, here or before the kill.
      owed[last + measurement - made].push_back(placement);
    }
    for (const auto& [attempt, owing] : owed) {
      if (!stages_.run(stage, owing, {attempt, measurement})) return false;
    }
    return true;
  }

  std::set<std::string> marginal_steps(const RunRecord& first) const {
    std::set<std::string> steps;
    for (const Finding& finding : verdict::judge(first, execution_.criteria).findings) {
      if (finding.severity != Severity::marginal) continue;
      for (const EvidenceItem& item : finding.evidence) steps.insert(item.step);
    }
    return steps;
  }

  /// How often a placement is repeated whose first measurement was marginal, or hung while its peers
  /// finished, or of which one rank never came.
  int repeats_due(const RunRecord& first, const std::set<std::string>& marginal, const Stage& stage,
                  const Placement& placement) const {
    bool any_finished = false, hung = false, rank_hung = false;
    for (const Step& step : first.steps) {
      if (group_of(execution_.plan, step.stage) != stage.group) continue;
      any_finished = any_finished || step.status == Status::complete;
      if (step.stage != stage.index || step.part != placement.part) continue;
      if (marginal.count(step.id) != 0) return kMarginalRepeats;
      for (const Error& error : step.errors) {
        hung = hung || error.symptom == codes::step_timeout;
        rank_hung = rank_hung || (error.symptom == codes::rank_missing && !error.ended.empty());
      }
    }
    return rank_hung || (hung && any_finished) ? kHangRepeats : 0;
  }

  /// The records as a judge would see them if the run were closed now.
  RunRecord read_back() {
    journal_.sync();
    RunRecord run = record::read_records(execution_.folder.records());
    run.closed = true;
    return run;
  }

  Judgement close() {
    Judgement judgement = verdict::judge(read_back(), execution_.criteria);
    journal_.judgement(judgement);
    const bool conclusive = judgement.verdict != Verdict::inconclusive;
    journal_.run_end(conclusive ? Status::complete : Status::error, result_of(judgement.verdict));
    journal_.sync();
    return judgement;
  }

  Execution& execution_;
  record::Journal journal_;
  Progress progress_;
  StageRunner stages_;
  bool resumed_ = false;
  int looks_ = 0;  // taken so far
};

record::Journal::Now clock_of(Execution& execution) {
  return [&node = execution.node] { return node.clock().now(); };
}

}  // namespace

Judgement execute(Execution execution) {
  Supervisor supervisor(execution, record::Journal::create(execution.folder.records(), clock_of(execution)));
  supervisor.start();
  return supervisor.run();
}

Judgement resume(Execution execution) {
  const RunRecord existing = record::read_records(execution.folder.records());
  if (existing.closed)
    throw std::runtime_error(execution.folder.path() + ": the run has ended; there is nothing to resume");
  Supervisor supervisor(execution,
                        record::Journal::append(execution.folder.records(), existing, clock_of(execution)));
  supervisor.take_up(existing);
  return supervisor.run();
}

}  // namespace assay::run
