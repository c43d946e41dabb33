#include "harness/model/attempts.h"

#include <algorithm>
#include <map>

#include "harness/model/finding_codes.h"

namespace assay {

namespace {

/// Looks at telemetry stand behind the plan's stages, each at a stage of its own.
bool is_look(const Plan& plan, const Step& step) {
  return step.stage >= static_cast<int>(plan.stages.size());
}

}  // namespace

bool was_interrupted(const Step& step) {
  return step.status == Status::open ||
         std::any_of(step.errors.begin(), step.errors.end(),
                     [](const Error& error) { return error.symptom == codes::interrupted; });
}

std::vector<int> measurement_numbers(const RunRecord& run) {
  std::map<Task, int> made;
  std::vector<int> numbers;
  numbers.reserve(run.steps.size());
  for (const Step& step : run.steps) {
    int& ended = made[task_of(step)];
    numbers.push_back(ended + 1);
    if (!was_interrupted(step)) ++ended;
  }
  return numbers;
}

int measurements_made(const RunRecord& run, const Task& task) {
  return static_cast<int>(std::count_if(run.steps.begin(), run.steps.end(), [&](const Step& step) {
    return task_of(step) == task && !was_interrupted(step);
  }));
}

int last_attempt(const RunRecord& run, const Task& task) {
  int last = 0;
  for (const Step& step : run.steps) {
    if (task_of(step) == task) last = std::max(last, step.attempt);
  }
  return last;
}

bool makes_up_for(const RunRecord& run, const Step& later, const Step& step) {
  if (later.check != step.check || later.variant != step.variant || later.part != step.part ||
      was_interrupted(later))
    return false;
  return later.stage == step.stage ? later.attempt > step.attempt
                                   : is_look(run.plan, step) && later.stage > step.stage;
}

RunRecord first_measurements(const RunRecord& run) {
  const std::vector<int> numbers = measurement_numbers(run);
  RunRecord first = run;
  std::size_t i = 0;
  first.steps.erase(
      std::remove_if(first.steps.begin(), first.steps.end(), [&](const Step&) { return numbers[i++] != 1; }),
      first.steps.end());
  return first;
}

}  // namespace assay
