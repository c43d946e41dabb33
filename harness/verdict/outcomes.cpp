// Status and result of each required check on each part; only the pairs that OCP allows.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/model/telemetry_measures.h"
#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

struct Touched {
  bool failed = false, incomplete = false;
};

using CheckAndPart = std::pair<std::string, Part>;

/// By check and step part; a part that is empty stands for all parts of the check.
std::map<CheckAndPart, Touched> touched_by(const Case& c, const std::vector<Observation>& seen,
                                           const std::vector<Draft>& drafts) {
  std::set<Cause> waived;
  for (const Draft& draft : drafts) {
    if (draft.severity == Severity::waived) waived.emplace(draft.code, draft.part);
  }
  std::map<CheckAndPart, Touched> result;
  for (const Observation& observation : seen) {
    Touched& touched = result[{observation.check, observation.step_part}];
    if (observation.severity == Severity::fail && waived.count({observation.code, observation.part}) == 0)
      touched.failed = true;
    if (c.class_of(observation.code) == FindingClass::incomplete &&
        observation.severity == Severity::inconclusive) {
      touched.incomplete = true;
    }
  }
  return result;
}

struct Ran {
  bool begun = false, skipped_only = true;
  int attempts = 0;

  void add(const Step& step) {
    begun = true;
    skipped_only = skipped_only && step.status == Status::skip;
    attempts = std::max(attempts, step.attempt);
  }
};

/// Telemetry stands beside the steps of its GPU: what counts is what was sampled there.
std::map<CheckAndPart, Ran> ran_in(const RunRecord& run) {
  std::map<CheckAndPart, Ran> ran;
  for (const Step& step : run.steps) {
    if (step.check != kTelemetryCheck) ran[{step.check, step.part}].add(step);
    std::set<Part> sampled;
    for (const Measurement& m : step.measurements) {
      if (check_of(step, m) == kTelemetryCheck) sampled.emplace(m.part.unit());
    }
    for (const Part& gpu : sampled) ran[{kTelemetryCheck, gpu}].add(step);
  }
  return ran;
}

}  // namespace

std::vector<CheckOutcome> check_outcomes(const Case& c, const std::vector<Observation>& seen,
                                         const std::vector<Draft>& drafts) {
  auto touched = touched_by(c, seen, drafts);
  auto ran = ran_in(c.run);
  std::vector<CheckOutcome> outcomes;
  for (const RequiredCheck& required : c.criteria.required) {
    const Touched of_all = touched[{required.check, ""}];
    for (const Part& part : required.parts) {
      const Touched own = touched[{required.check, part}];
      const Ran steps = ran[{required.check, part}];
      if (required.follow_up && !steps.begun && c.planned(required.check, part) == 0) continue;
      CheckOutcome outcome;
      outcome.check = required.check;
      outcome.part = part;
      outcome.attempts = steps.attempts;
      if (!steps.begun || steps.skipped_only) {
        outcome.status = Status::skip;
      } else {
        outcome.status = own.incomplete || of_all.incomplete ? Status::error : Status::complete;
      }
      if (outcome.status == Status::complete)
        outcome.result = own.failed || of_all.failed ? Result::fail : Result::pass;
      outcomes.push_back(outcome);
    }
  }
  return outcomes;
}

}  // namespace assay::verdict
