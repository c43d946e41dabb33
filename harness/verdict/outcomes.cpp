// Status and result of each required check on each part; only the pairs that OCP allows.
#include <algorithm>

#include "harness/telemetry/measures.h"
#include "harness/verdict/codes.h"
#include "harness/verdict/draft.h"

namespace assay::verdict {
namespace {

using record::Status;
using record::Step;

struct Touched {
  bool failed = false, incomplete = false, not_run = false;
};

bool is_waived(const std::vector<Draft>& drafts, const Observation& observation) {
  return std::any_of(drafts.begin(), drafts.end(), [&](const Draft& draft) {
    return draft.severity == Severity::waived && draft.code == observation.code &&
           draft.part == observation.part;
  });
}

Touched touched_by(const Case& c, const std::vector<Observation>& seen, const std::vector<Draft>& drafts,
                   const std::string& check, const Part& part) {
  Touched touched;
  for (const Observation& observation : seen) {
    if (observation.check != check) continue;
    if (!observation.step_part.empty() && observation.step_part != part) continue;
    if (observation.severity == Severity::fail && !is_waived(drafts, observation)) touched.failed = true;
    if (c.class_of(observation.code) == FindingClass::incomplete &&
        observation.severity == Severity::inconclusive) {
      touched.incomplete = true;
      if (observation.code == codes::check_not_run) touched.not_run = true;
    }
  }
  return touched;
}

/// Telemetry has no steps of its own: it stands beside those of its GPU.
bool concerns(const RequiredCheck& required, const Part& part, const Step& step) {
  if (required.check != telemetry::kTelemetryCheck) return step.check == required.check && step.part == part;
  return std::any_of(step.measurements.begin(), step.measurements.end(), [&](const record::Measurement& m) {
    return check_of(step, m) == required.check && unit_of(m.part) == part;
  });
}

CheckOutcome outcome_of(const Case& c, const RequiredCheck& required, const Part& part,
                        const Touched& touched) {
  CheckOutcome outcome;
  outcome.check = required.check;
  outcome.part = part;
  bool begun = false, skipped_only = true;
  for (const Step& step : c.run.steps) {
    if (!concerns(required, part, step)) continue;
    begun = true;
    skipped_only = skipped_only && step.status == Status::skip;
    outcome.attempts = std::max(outcome.attempts, step.attempt);
  }
  if (!begun || skipped_only) {
    outcome.status = Status::skip;
  } else {
    outcome.status = touched.incomplete || touched.not_run ? Status::error : Status::complete;
  }
  if (outcome.status == Status::complete) outcome.result = touched.failed ? Result::fail : Result::pass;
  return outcome;
}

}  // namespace

std::vector<CheckOutcome> check_outcomes(const Case& c, const std::vector<Observation>& seen,
                                         const std::vector<Draft>& drafts) {
  std::vector<CheckOutcome> outcomes;
  for (const RequiredCheck& required : c.criteria.required) {
    for (const Part& part : required.parts) {
      outcomes.push_back(outcome_of(c, required, part, touched_by(c, seen, drafts, required.check, part)));
    }
  }
  return outcomes;
}

}  // namespace assay::verdict
