#include "harness/run/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/record/journal.h"
#include "harness/record/reader.h"
#include "harness/run/interrupt.h"
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
        stages_(
            {execution.plan, execution.criteria, journal_, execution.node, execution.sampler, progress_,
             interrupt_, execution.folder.child_log(), execution.folder.baseline(), execution.thread_workers},
            execution.baseline) {}

  void start() {
    record::RunStart start;
    start.plan = execution_.plan;
    start.criteria_hash = content_hash(execution_.criteria);
    start.version = ASSAY_VERSION;
    start.command_line = execution_.command_line;
    start.node_name = execution_.node.simulated() ? "a simulated node" : host_name();
    start.hardware = hardware_of(execution_.plan);
    start.software = software_of(execution_.readings);
    journal_.run_start(start);
    journal_.sync();
  }

  /// Ends what the killed run left open; those steps run again as further attempts.
  void close_open_steps(const record::Run& existing) {
    for (const record::Step& step : existing.steps) {
      if (step.status == Status::open) {
        journal_.error(step.id, {"harness.interrupted", "the run was killed during this step", "", ""});
        journal_.step_end(step.id, Status::error);
      }
    }
    journal_.run_log(record::LogSeverity::info, "the run goes on where it was killed");
    journal_.sync();
  }

  Judgement run(const record::Run& existing) {
    std::map<std::string, Part> parts;
    for (const PlannedSlot& slot : execution_.plan.slots) {
      if (!slot.pci_address.empty()) parts[slot.pci_address] = slot.part;
    }
    execution_.sampler.record(execution_.folder.telemetry(), execution_.plan.sample_hz, parts);
    const bool whole = run_stages(existing) && run_repeats();
    if (!whole) journal_.run_error({"harness.interrupted", "the run was interrupted before its end", "", ""});
    stages_.take_last_look(1 + last_attempt(existing, static_cast<int>(execution_.plan.stages.size())));
    execution_.sampler.finish();
    execution_.node.sampler_gone();
    return close();
  }

 private:
  bool run_stages(const record::Run& existing) {
    for (const Stage& stage : execution_.plan.stages) {
      std::map<int, std::vector<Part>> missing;  // by attempt
      for (const Part& part : step_parts(stage)) {
        const int attempt = next_attempt(existing, stage, part);
        if (attempt > 0) missing[attempt].push_back(part);
      }
      for (const auto& [attempt, parts] : missing) {
        if (!stages_.run(stage, parts, attempt)) return false;
      }
    }
    return true;
  }

  /// 0: the step has run to an end of its own. Otherwise the number of the attempt that is due.
  static int next_attempt(const record::Run& existing, const Stage& stage, const Part& part) {
    int last = 0;
    bool ended = false;
    for (const record::Step& step : existing.steps) {
      if (step.stage != stage.index || step.part != part) continue;
      last = std::max(last, step.attempt);
      ended = ended || step.status != Status::open;
    }
    return ended ? 0 : last + 1;
  }

  static int last_attempt(const record::Run& existing, int stage) {
    int last = 0;
    for (const record::Step& step : existing.steps) {
      if (step.stage == stage) last = std::max(last, step.attempt);
    }
    return last;
  }

  bool run_repeats() {
    const record::Run so_far = read_back();
    for (const Stage& stage : execution_.plan.stages) {
      std::map<int, std::vector<Part>> due;  // by number of repeats
      for (const auto& [part, repeats] : repeats_due(so_far, stage)) due[repeats].push_back(part);
      for (const auto& [repeats, parts] : due) {
        for (int attempt = 2; attempt <= 1 + repeats; ++attempt) {
          if (!stages_.run(stage, parts, attempt)) return false;
        }
      }
    }
    return true;
  }

  /// Parts of this stage whose first attempt was marginal, or hung while its peers finished.
  std::map<Part, int> repeats_due(const record::Run& so_far, const Stage& stage) const {
    std::map<Part, int> due;
    std::set<std::string> marginal_steps;
    for (const verdict::Finding& finding : verdict::judge(so_far, execution_.criteria).findings) {
      if (finding.severity != Severity::marginal) continue;
      for (const verdict::EvidenceItem& item : finding.evidence) marginal_steps.insert(item.step);
    }
    std::vector<Part> hung;
    std::set<Part> repeated;  // before the run was killed, or a second attempt after it was
    bool any_finished = false;
    for (const record::Step& step : so_far.steps) {
      if (step.stage != stage.index) continue;
      if (step.attempt > 1)
        return {};  // repeated before the run was killed, or a second attempt after it was
      if (step.attempt > 1) repeated.insert(step.part);
      any_finished = any_finished || step.status == Status::complete;
      if (marginal_steps.count(step.id) != 0) due[step.part] = kMarginalRepeats;
      const bool timed_out = std::any_of(step.errors.begin(), step.errors.end(), [](const record::Error& e) {
        return e.symptom == "harness.step_timeout";
      });
      if (timed_out) hung.push_back(step.part);
    }
    if (any_finished) {
      for (const Part& part : hung) due.emplace(part, kHangRepeats);
    }
    for (const Part& part : repeated) due.erase(part);
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
    switch (judgement.verdict) {
      case Verdict::accept:
        journal_.run_end(Status::complete, verdict::Result::pass);
        break;
      case Verdict::reject:
        journal_.run_end(Status::complete, verdict::Result::fail);
        break;
      case Verdict::inconclusive:
        journal_.run_end(Status::error, verdict::Result::not_applicable);
        break;
    }
    journal_.sync();
    return judgement;
  }

  Execution& execution_;
  record::Journal journal_;
  Progress progress_;
  Interrupt interrupt_;
  StageRunner stages_;
};

record::Journal::Now clock_of(Execution& execution) {
  return [&node = execution.node] { return node.clock().now(); };
}

}  // namespace

Judgement execute(Execution execution) {
  Supervisor supervisor(execution, record::Journal::create(execution.folder.records(), clock_of(execution)));
  supervisor.start();
  return supervisor.run({});
}

Judgement resume(Execution execution) {
  const record::Run existing = record::read_records(execution.folder.records());
  if (existing.closed)
    throw std::runtime_error(execution.folder.path() + ": the run has ended; there is nothing to resume");
  Supervisor supervisor(execution,
                        record::Journal::append(execution.folder.records(), existing, clock_of(execution)));
  supervisor.close_open_steps(existing);
  return supervisor.run(existing);
}

}  // namespace assay::run
