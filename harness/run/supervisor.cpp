#include "harness/run/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/record/artifacts.h"
#include "harness/record/attempts.h"
#include "harness/record/journal.h"
#include "harness/record/reader.h"
#include "harness/run/stage_runner.h"

namespace assay::run {
namespace {

using record::Status;
using verdict::Judgement;
using verdict::Severity;
using verdict::Verdict;

// A marginal value is measured three times more, and the median is judged; a hang is tried once more.
constexpr int kMarginalRepeats = 3;
constexpr int kHangRepeats = 1;

std::vector<record::Hardware> hardware_of(const Plan& plan) {
  std::vector<record::Hardware> hardware;
  for (const PlannedSlot& slot : plan.slots) {
    const std::string number = std::to_string(gpu_slot(slot.part).value_or(0));
    const std::string location =
        slot.module_id != 0 ? fmt::format("{} (module {})", number, slot.module_id) : number;
    hardware.push_back({slot.part, slot.name.empty() ? "no GPU found" : slot.name, slot.serial,
                        slot.board_part_number, location});
  }
  return hardware;
}

std::vector<record::Software> software_of(const NodeReadings& readings) {
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
        progress_(execution.plan, execution.progress),
        stages_({execution.plan, execution.criteria, journal_, execution.node, execution.sampler, progress_,
                 execution.interrupt, execution.folder.child_files(), execution.thread_workers},
                execution.ledger) {}

  void start() {
    record::RunStart start;
    start.plan = execution_.plan;
    start.criteria_hash = content_hash(execution_.criteria);
    start.version = ASSAY_VERSION;
    start.command_line = execution_.command_line;
    start.node_name = execution_.node.simulated() ? record::kSimulatedNodeName : host_name();
    start.hardware = hardware_of(execution_.plan);
    start.software = software_of(execution_.readings);
    start.marks = execution_.ledger.marks();
    journal_.run_start(start);
    journal_.sync();
  }

  /// Goes on with a run that was killed: ends what it left open, which is owed again.
  void take_up(const record::Run& existing) {
    resumed_ = true;
    for (const record::Step& step : existing.steps) {
      looks_ = std::max(looks_, step.stage - static_cast<int>(execution_.plan.stages.size()) + 1);
      if (step.status == Status::open) {
        journal_.error(step.id, {record::kInterrupted, "the run was killed during this step", "", ""});
        journal_.step_end(step.id, Status::error);
      }
    }
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
      journal_.run_error(
          {"harness.telemetry_lost",
           "the node was booted since the run was killed: what its kernel log and its counters said "
           "between the last record and the boot is lost",
           "", ""});
    }
    if (resumed_) stages_.look(looks_++);  // what happened up to here is not that of the steps to come
    const bool whole = run_stages() && run_repeats();
    if (!whole) journal_.run_error({record::kInterrupted, "the run was interrupted before its end", "", ""});
    stages_.look(looks_++);
    const std::string why_not_whole = execution_.sampler.finish();
    if (!why_not_whole.empty())
      journal_.run_error(
          {"harness.telemetry_lost", "the telemetry file is not whole: " + why_not_whole, "", ""});
    execution_.node.sampler_gone();
    return close();
  }

 private:
  bool run_stages() {
    const record::Run so_far = read_back();
    for (const Stage& stage : execution_.plan.stages) {
      if (!run_owed(so_far, stage, step_parts(stage), 1)) return false;
    }
    return true;
  }

  bool run_repeats() {
    const record::Run so_far = read_back();
    // Without repeats, so that what is due is the same once some of them have been made.
    const record::Run first = record::first_measurements(so_far);
    const std::set<std::string> marginal = marginal_steps(first);
    for (const Stage& stage : execution_.plan.stages) {
      std::map<int, std::vector<Part>> due;  // by number of repeats
      for (const auto& [part, repeats] : repeats_due(first, marginal, stage)) due[repeats].push_back(part);
      for (const auto& [repeats, parts] : due) {
        for (int measurement = 2; measurement <= 1 + repeats; ++measurement) {
          if (!run_owed(so_far, stage, parts, measurement)) return false;
        }
      }
    }
    return true;
  }

  /// Makes this measurement on those of the parts where the records do not hold it.
  bool run_owed(const record::Run& so_far, const Stage& stage, const std::vector<Part>& parts,
                int measurement) {
    std::map<int, std::vector<Part>> owed;  // by number of the attempt that is due
    for (const Part& part : parts) {
      const int made = record::measurements_made(so_far, stage.index, part);
      if (made >= measurement) continue;
      // Attempts up to the one of the measurement before this have been made, here or before the kill.
      const int attempt = record::last_attempt(so_far, stage.index, part) + measurement - made;
      owed[attempt].push_back(part);
    }
    for (const auto& [attempt, owing] : owed) {
      if (!stages_.run(stage, owing, {attempt, measurement})) return false;
    }
    return true;
  }

  std::set<std::string> marginal_steps(const record::Run& first) const {
    std::set<std::string> steps;
    for (const verdict::Finding& finding : verdict::judge(first, execution_.criteria).findings) {
      if (finding.severity != Severity::marginal) continue;
      for (const verdict::EvidenceItem& item : finding.evidence) steps.insert(item.step);
    }
    return steps;
  }

  /// Parts whose first measurement at this stage was marginal, or hung while their peers finished, and how
  /// often it is repeated.
  static std::map<Part, int> repeats_due(const record::Run& first, const std::set<std::string>& marginal,
                                         const Stage& stage) {
    std::map<Part, int> due;
    std::vector<Part> hung;
    bool any_finished = false;
    for (const record::Step& step : first.steps) {
      if (step.stage != stage.index) continue;
      any_finished = any_finished || step.status == Status::complete;
      if (marginal.count(step.id) != 0) due[step.part] = kMarginalRepeats;
      const bool timed_out = std::any_of(step.errors.begin(), step.errors.end(), [](const record::Error& e) {
        return e.symptom == "harness.step_timeout";
      });
      if (timed_out) hung.push_back(step.part);
    }
    if (any_finished) {
      for (const Part& part : hung) due.emplace(part, kHangRepeats);
    }
    return due;
  }

  /// The records as a judge would see them if the run were closed now.
  record::Run read_back() {
    journal_.sync();
    record::Run run = record::read_records(execution_.folder.records());
    run.closed = true;
    return run;
  }

  Judgement close() {
    Judgement judgement = verdict::judge(read_back(), execution_.criteria);
    journal_.judgement(judgement);
    const bool conclusive = judgement.verdict != Verdict::inconclusive;
    journal_.run_end(conclusive ? Status::complete : Status::error, verdict::result_of(judgement.verdict));
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
  const record::Run existing = record::read_records(execution.folder.records());
  if (existing.closed)
    throw std::runtime_error(execution.folder.path() + ": the run has ended; there is nothing to resume");
  Supervisor supervisor(execution,
                        record::Journal::append(execution.folder.records(), existing, clock_of(execution)));
  supervisor.take_up(existing);
  return supervisor.run();
}

}  // namespace assay::run
