// Checks against parts: what became of each.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reports/labels.h"
#include "reports/report.h"

namespace assay::reports {

/// In order of how much it asks for attention: of several outcomes of one check on one part the last of these
/// is shown. Undecided: a finding keeps it from being judged.
enum class Outcome { not_planned, not_applicable, pass, undecided, skip, open, not_run, error, fail };

struct Matrix {
  std::vector<std::string> checks;  // in the plan's order, then what only the criteria or the judgement know
  std::vector<Part> parts;          // every slot of the SKU, then other parts that a check ran on
  Outcome at(const Part& part, const std::string& check) const;

  std::map<std::pair<Part, std::string>, Outcome> cells;
};

/// A check that the criteria require of a part, and of which nothing was judged there, is shown as not run.
Matrix matrix_of(const Input& input);

std::string name_of(const Labels& labels, Outcome outcome);

}  // namespace assay::reports
