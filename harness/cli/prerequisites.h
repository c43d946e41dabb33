// What this machine must have for an acceptance of real hardware: looked at by `doctor`, demanded by `run`.
#pragma once

#include <string>
#include <vector>

#include "harness/model/criteria.h"
#include "harness/model/phrase.h"

namespace assay::cli {

struct Prerequisite {
  Phrase name;
  bool met = false;
  Phrase found;  // what there is, or what is wrong
  Phrase mend;   // how to mend it, where it is not met
  /// False: it may go well without it.
  bool stops_a_run = true;
};

/// Of all checks. Opens nothing that can hang in this process. In the order in which a person would mend
/// them.
std::vector<Prerequisite> prerequisites();

/// Throws CannotRun with everything that is missing for the checks that these require, of those that `only`
/// names (plan/planner.h).
void require_prerequisites(const Criteria& criteria, const std::string& language,
                           const std::vector<std::string>& only = {});

}  // namespace assay::cli
