#include "harness/run/step_journal.h"

namespace assay::run {

std::vector<OpenStep> StepJournal::start(const Placement& placement, int stage, int attempt) {
  std::vector<OpenStep> steps;
  for (const Body& body : placement.bodies) {
    const std::string id = step_id(plan_, stage, body, placement.part, attempt);
    journal_.step_start({id, body.check, body.variant, placement.part, stage, attempt});
    steps.push_back({id, body.check, placement.part, body.variant});
  }
  return steps;
}

void StepJournal::measurement(const OpenStep& step, const std::string& check,
                              const Measurement& measurement) {
  std::vector<Limit> limits;
  for (const Limit& limit : criteria_.limits) {
    if (limit.check == check && limit.measurement == measurement.name &&
        limit.is_of(step.check, step.variant))
      limits.push_back(limit);
  }
  journal_.measurement(step.id, measurement, limits);
}

void StepJournal::attachment(const OpenStep& step, const std::string& name, const std::string& type,
                             const std::string& file) {
  journal_.file(step.id, {name, file, "", type});
}

void StepJournal::log(const OpenStep& step, const std::string& message) {
  journal_.log(step.id, record::LogSeverity::info, message);
}

void StepJournal::fail(OpenStep& step, const Error& error) {
  journal_.error(step.id, error);
  step.failed = true;
}

void StepJournal::end(const std::vector<OpenStep>& steps) {
  journal_.at_once([&] {
    for (const OpenStep& step : steps)
      journal_.step_end(step.id, step.failed ? Status::error : Status::complete);
  });
}

}  // namespace assay::run
