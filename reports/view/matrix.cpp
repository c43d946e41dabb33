#include "reports/view/matrix.h"

#include <algorithm>

namespace assay::reports {
namespace {

template <typename T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

Outcome outcome_of(const verdict::CheckOutcome& check) {
  // Failing evidence stands, whatever became of the step that brought it.
  if (check.result == verdict::Result::fail) return Outcome::fail;
  switch (check.status) {
    case record::Status::open:
      return Outcome::open;
    case record::Status::error:
      return Outcome::error;
    case record::Status::skip:
      return Outcome::skip;
    case record::Status::complete:
      break;
  }
  return check.result == verdict::Result::pass ? Outcome::pass : Outcome::not_applicable;
}

}  // namespace

Outcome Matrix::at(const Part& part, const std::string& check) const {
  const auto found = cells.find({part, check});
  return found == cells.end() ? Outcome::not_planned : found->second;
}

Matrix matrix_of(const Input& input) {
  Matrix matrix;
  for (const Stage& stage : input.run.plan.stages) add_once(matrix.checks, stage.check);
  for (const PlannedSlot& slot : input.run.plan.slots) add_once(matrix.parts, slot.part);
  for (const verdict::CheckOutcome& check : input.judgement.checks) {
    add_once(matrix.checks, check.check);
    add_once(matrix.parts, check.part);
    Outcome& cell = matrix.cells[{check.part, check.check}];
    cell = std::max(cell, outcome_of(check));
  }
  for (const RequiredCheck& required : input.criteria.required) {
    add_once(matrix.checks, required.check);
    for (const Part& part : required.parts) {
      add_once(matrix.parts, part);
      matrix.cells.try_emplace({part, required.check}, Outcome::not_run);
    }
  }
  return matrix;
}

std::string name_of(const Labels& labels, Outcome outcome) {
  switch (outcome) {
    case Outcome::not_planned:
      return labels(Label::cell_not_planned);
    case Outcome::not_applicable:
      return labels(Label::cell_not_applicable);
    case Outcome::pass:
      return labels(Label::cell_pass);
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
