#include "reports/view/matrix.h"

#include <algorithm>
#include <set>

#include "harness/model/telemetry_measures.h"

namespace assay::reports {
namespace {

/// A matrix that grows. Records may name thousands of parts, so none is looked for in a list.
class MatrixInMaking {
 public:
  void add_check(const std::string& check) { add_once(known_checks_, matrix.checks, check); }
  void add_part(const Part& part) { add_once(known_parts_, matrix.parts, part); }
  Outcome& cell(const Part& part, const std::string& check) {
    add_check(check);
    add_part(part);
    return matrix.cells[{part, check}];
  }

  Matrix matrix;

 private:
  template <typename T>
  static void add_once(std::set<T>& known, std::vector<T>& list, const T& item) {
    if (known.insert(item).second) list.push_back(item);
  }
  std::set<std::string> known_checks_;
  std::set<Part> known_parts_;
};

Outcome outcome_of(const CheckOutcome& check) {
  // Failing evidence stands, whatever became of the step that brought it.
  if (check.result == Result::fail) return Outcome::fail;
  switch (check.status) {
    case Status::open:
      return Outcome::open;
    case Status::error:
      return Outcome::error;
    case Status::skip:
      return Outcome::skip;
    case Status::complete:
      break;
  }
  return check.result == Result::pass ? Outcome::pass : Outcome::not_applicable;
}

/// What a finding says of the part that it was seen on, whatever else the check did there.
Outcome outcome_of(Severity severity) {
  switch (severity) {
    case Severity::fail:
      return Outcome::fail;
    case Severity::inconclusive:
      return Outcome::undecided;
    case Severity::marginal:
    case Severity::waived:
      break;
  }
  return Outcome::not_planned;
}

/// Nothing that a finding names may vanish: a row for each part that it was seen on.
void add_finding(const Finding& finding, const std::map<std::string, std::string>& check_of_step,
                 MatrixInMaking& making) {
  const Outcome outcome = outcome_of(finding.severity);
  if (outcome == Outcome::not_planned) return;
  for (const EvidenceItem& item : finding.evidence) {
    const Part part = (item.part.empty() ? finding.part : item.part).unit();
    if (!part.is_on_node()) continue;
    const auto step = check_of_step.find(item.step);
    // What the kernel's log said at no step in particular, telemetry has heard.
    std::string check = step == check_of_step.end() ? finding.check : step->second;
    if (check.empty()) check = kTelemetryCheck;
    Outcome& cell = making.cell(part, check);
    cell = std::max(cell, outcome);
  }
}

}  // namespace

Outcome Matrix::at(const Part& part, const std::string& check) const {
  const auto found = cells.find({part, check});
  return found == cells.end() ? Outcome::not_planned : found->second;
}

Matrix matrix_of(const Input& input) {
  MatrixInMaking making;
  for (const Stage& stage : input.run.plan.stages) {
    for (const Placement& placement : stage.placements) {
      for (const Body& body : placement.bodies) making.add_check(body.check);
    }
  }
  for (const PlannedSlot& slot : input.run.plan.slots) making.add_part(slot.part);
  for (const CheckOutcome& check : input.judgement.checks) {
    Outcome& cell = making.cell(check.part, check.check);
    cell = std::max(cell, outcome_of(check));
  }
  std::map<std::string, std::string> check_of_step;
  for (const Step& step : input.run.steps) check_of_step[step.id] = step.check;
  for (const Finding& finding : input.judgement.findings) add_finding(finding, check_of_step, making);
  for (const RequiredCheck& required : input.criteria.required) {
    making.add_check(required.check);
    if (required.follow_up) continue;  // where it was due, the judgement has its outcome
    for (const Part& part : required.parts) {
      making.add_part(part);
      making.matrix.cells.try_emplace({part, required.check}, Outcome::not_run);
    }
  }
  return std::move(making.matrix);
}

std::string name_of(const Labels& labels, Outcome outcome) {
  switch (outcome) {
    case Outcome::not_planned:
      return labels(Label::cell_not_planned);
    case Outcome::not_applicable:
      return labels(Label::cell_not_applicable);
    case Outcome::pass:
      return labels(Label::cell_pass);
    case Outcome::undecided:
      return labels(Label::cell_undecided);
    case Outcome::skip:
      return labels(Label::cell_skip);
    case Outcome::open:
      return labels(Label::cell_open);
    case Outcome::not_run:
      return labels(Label::cell_not_run);
    case Outcome::error:
      return labels(Label::cell_error);
    case Outcome::fail:
      return labels(Label::cell_fail);
  }
  return {};
}

}  // namespace assay::reports
