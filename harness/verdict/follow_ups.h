// Follow-ups: placements that the plan holds ready, and that are due only once a finding asks for them. The
// supervisor, which runs them, and the judge, which misses them, both ask here.
#pragma once

#include <set>
#include <utility>

#include "harness/model/criteria.h"
#include "harness/model/run.h"

namespace assay::verdict {

/// Stage and part of each placement that is due.
using Triggered = std::set<std::pair<int, Part>>;

/// By what the run measured apart from its follow-ups, repeats included.
Triggered triggered(const RunRecord& run, const Criteria& criteria);

}  // namespace assay::verdict
