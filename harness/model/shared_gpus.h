// Ranks that share a GPU: several participants of one placement that see the same one. What they do together
// goes through the host, so that their speed means nothing.
#pragma once

#include "harness/model/placement.h"
#include "harness/model/plan.h"

namespace assay {

/// The most that one GPU has; 1 where none has several.
int ranks_of_a_gpu(const Placement& placement);
int ranks_of_a_gpu(const Plan& plan);

}  // namespace assay
