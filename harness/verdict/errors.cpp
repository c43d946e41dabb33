// What steps and the run reported as errors: the symptom is the finding's code.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/model/attempts.h"
#include "harness/model/finding_codes.h"
#include "harness/verdict/evidence.h"

namespace assay::verdict {
namespace {

bool is_nowhere(const Part& part) {
  return part.empty() || part == "harness" || part == "environment";
}

/// Where an error belongs: the part that it names, or that of the step where it names no part of the node.
Part place_of(const Case& c, const Error& error, const Part& fallback) {
  return c.place_of(error.symptom, is_nowhere(error.part) ? fallback : error.part);
}

std::string detail_of(const Error& error) {
  if (error.ended.empty()) return error.message;
  return error.message.empty() ? error.ended : fmt::format("{} ({})", error.message, error.ended);
}

Observation about(const Case& c, const Error& error, const Part& fallback) {
  Observation observation;
  observation.code = error.symptom;
  observation.severity = c.severity_of(c.class_of(error.symptom));
  observation.part = observation.evidence.part = place_of(c, error, fallback);
  observation.evidence.detail = detail_of(error);
  return observation;
}

bool is_made_up_for(const Case& c, const Step& step) {
  const auto& steps = c.steps(step.check, step.part);
  return std::any_of(steps.rbegin(), steps.rend(),
                     [&](const Step* later) { return makes_up_for(c.run, *later, step); });
}

/// The GPUs that did the same work, and those that came to their end.
struct StageGpus {
  std::set<Part> all, finished;
};

std::map<int, StageGpus> gpus_by_group(const RunRecord& run) {
  std::map<int, StageGpus> groups;
  for (const Step& step : run.steps) {
    if (!step.part.gpu_slot()) continue;
    StageGpus& gpus = groups[group_of(run.plan, step.stage)];
    gpus.all.insert(step.part);
    if (step.status == Status::complete) gpus.finished.insert(step.part);
  }
  return groups;
}

/// Whether most of the other GPUs of the step's stage came to their end.
bool peers_finished(const StageGpus& gpus, const Step& step) {
  const std::size_t peers = gpus.all.size() - gpus.all.count(step.part);
  const std::size_t finished = gpus.finished.size() - gpus.finished.count(step.part);
  return finished * 2 > peers;
}

/// Steps of one GPU that hung while their peers came to their end.
struct Hangs {
  std::vector<const Step*> steps;
  std::set<std::pair<int, int>> attempts;  // by stage: the bodies of one placement hang together
};

/// One hang may be anybody's. Two on one GPU, while the same work ends on its peers, are the GPU's.
void observe_hangs(const Case& c, std::vector<Observation>& seen) {
  auto groups = gpus_by_group(c.run);
  std::map<Part, Hangs> hangs;
  for (const Step& step : c.run.steps) {
    const bool timed_out = std::any_of(step.errors.begin(), step.errors.end(), [](const Error& error) {
      return error.symptom == codes::step_timeout;
    });
    if (timed_out && step.part.gpu_slot() && peers_finished(groups[group_of(c.run.plan, step.stage)], step)) {
      Hangs& of_gpu = hangs[step.part.unit()];
      of_gpu.steps.push_back(&step);
      of_gpu.attempts.emplace(step.stage, step.attempt);
    }
  }
  for (Observation& observation : seen) {
    if (observation.code != codes::step_timeout) continue;
    const auto hung = hangs.find(observation.part.unit());
    if (hung != hangs.end() && hung->second.attempts.size() > 1)
      observation.because.emplace_back(codes::device_hung, hung->first);
  }
  for (const auto& [gpu, of_gpu] : hangs) {
    if (of_gpu.attempts.size() < 2) continue;
    for (const Step* step : of_gpu.steps) {
      Observation observation;
      observation.code = codes::device_hung;
      observation.severity = c.severity_of(c.class_of(codes::device_hung));
      observation.check = step->check;
      observation.step_part = step->part;
      observation.part = observation.evidence.part = gpu;
      observation.evidence.step = step->id;
      observation.evidence.detail = fmt::format("{} hung while its peers finished", step->id);
      seen.push_back(std::move(observation));
    }
  }
}

}  // namespace

void observe_errors(const Case& c, std::vector<Observation>& seen, std::vector<std::string>& notes) {
  for (const Step& step : c.run.steps) {
    for (const Error& error : step.errors) {
      if (error.symptom == codes::interrupted && is_made_up_for(c, step)) {
        notes.push_back(fmt::format("{} was interrupted and made up for by a later attempt", step.id));
        continue;
      }
      Observation observation = about(c, error, step.part);
      observation.check = step.check;
      observation.step_part = step.part;
      observation.evidence.step = step.id;
      seen.push_back(std::move(observation));
    }
  }
  const bool all_ran = std::none_of(seen.begin(), seen.end(),
                                    [](const Observation& o) { return o.code == codes::check_not_run; });
  for (const Error& error : c.run.errors) {
    if (error.symptom == codes::interrupted && all_ran) {
      notes.push_back("the run was interrupted and went on to its end");
      continue;
    }
    seen.push_back(about(c, error, "node"));
  }
  observe_hangs(c, seen);
}

}  // namespace assay::verdict
