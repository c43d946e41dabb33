// The steps of the placements under way, as they are written into the records.
#pragma once

#include <string>
#include <vector>

#include "harness/model/criteria.h"
#include "harness/model/plan.h"
#include "harness/record/journal.h"

namespace assay::run {

/// A step whose end has not been written yet.
struct OpenStep {
  std::string id, check;
  Part part;
  std::string variant = {};
  bool failed = false;
};

class StepJournal {
 public:
  StepJournal(record::Journal& journal, const Plan& plan, const Criteria& criteria)
      : journal_(journal), plan_(plan), criteria_(criteria) {}

  /// A step for each body.
  std::vector<OpenStep> start(const Placement& placement, int stage, int attempt);
  /// With the limits that apply to it, under `check`: the step's own, or "telemetry".
  void measurement(const OpenStep& step, const std::string& check, const Measurement& measurement);
  void evidence(const OpenStep& step, const Evidence& evidence) { journal_.evidence(step.id, evidence); }
  void attachment(const OpenStep& step, const std::string& name, const std::string& type,
                  const std::string& file);
  void log(const OpenStep& step, const std::string& message);
  void mark(const OpenStep& step, const CounterMark& mark) { journal_.mark(step.id, mark); }
  void fail(OpenStep& step, const Error& error);
  /// All of a placement at once: a kill leaves either all of them ended or none.
  void end(const std::vector<OpenStep>& steps);

  void run_error(const Error& error) { journal_.run_error(error); }
  void run_log(record::LogSeverity severity, const Phrase& message) { journal_.run_log(severity, message); }
  /// What `write` writes reaches the file in one write.
  void at_once(const std::function<void()>& write) { journal_.at_once(write); }
  void sync() { journal_.sync(); }

 private:
  record::Journal& journal_;
  const Plan& plan_;
  const Criteria& criteria_;
};

}  // namespace assay::run
