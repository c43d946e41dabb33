#include "harness/verdict/follow_ups.h"

#include <algorithm>
#include <vector>

#include "harness/model/telemetry_measures.h"
#include "harness/verdict/judge.h"

namespace assay::verdict {
namespace {

bool has_follow_ups(const Plan& plan) {
  return std::any_of(plan.stages.begin(), plan.stages.end(), [](const Stage& stage) {
    return std::any_of(stage.placements.begin(), stage.placements.end(),
                       [](const Placement& placement) { return placement.condition.has_value(); });
  });
}

/// The run as if nothing had been held ready.
RunRecord without_follow_ups(const RunRecord& run) {
  RunRecord rest = run;
  std::set<Task> follow_ups;
  for (Stage& stage : rest.plan.stages) {
    std::vector<Placement> kept;
    for (const Placement& placement : stage.placements) {
      if (!placement.condition) {
        kept.push_back(placement);
        continue;
      }
      for (const Body& body : placement.bodies) follow_ups.insert(task_of(stage.index, placement, body));
    }
    stage.placements = std::move(kept);
  }
  // Nor looks and the run's own errors: more of them are written after it was decided.
  rest.steps.erase(std::remove_if(rest.steps.begin(), rest.steps.end(),
                                  [&](const Step& step) {
                                    return step.check == kTelemetryCheck ||
                                           follow_ups.count(task_of(step)) != 0;
                                  }),
                   rest.steps.end());
  rest.errors.clear();
  return rest;
}

bool accuses(const Finding& finding, const Placement& placement) {
  const std::vector<Part> units = finding.part.units(), gpus = gpus_of(placement);
  const auto is_gpu = [](const Part& unit) { return unit.gpu_slot().has_value(); };
  if (std::none_of(units.begin(), units.end(), is_gpu))
    return true;  // of the node: any of its parts may be at fault
  return std::any_of(units.begin(), units.end(), [&](const Part& unit) {
    return std::find(gpus.begin(), gpus.end(), unit) != gpus.end();
  });
}

bool asks_for(const Finding& finding, const Placement& placement) {
  if (finding.severity == Severity::waived) return false;
  const std::vector<FindingCode>& codes = placement.condition->findings;
  if (std::find(codes.begin(), codes.end(), finding.code) == codes.end()) return false;
  return !placement.condition->of_accused || accuses(finding, placement);
}

}  // namespace

Triggered triggered(const RunRecord& run, const Criteria& criteria) {
  Triggered due;
  if (!has_follow_ups(run.plan)) return due;
  const Judgement so_far = judge(without_follow_ups(run), criteria);
  for (const Stage& stage : run.plan.stages) {
    for (const Placement& placement : stage.placements) {
      if (!placement.condition) continue;
      const bool asked_for =
          std::any_of(so_far.findings.begin(), so_far.findings.end(),
                      [&](const Finding& finding) { return asks_for(finding, placement); });
      if (asked_for) due.emplace(stage.index, placement.part);
    }
  }
  return due;
}

}  // namespace assay::verdict
