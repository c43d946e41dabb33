// From a check's scope to placements: the one place that knows what a scope means.
#pragma once

#include <vector>

#include "harness/model/declaration.h"
#include "harness/model/placement.h"

namespace assay {

/// What runs at the same time, stage by stage: each item is one stage. `gpus` are the slots that have a GPU,
/// in order; empty when the scope needs one and there is none. Bodies, environment, lifetime and condition
/// are the caller's to set. `ranks_per_gpu`: of scope ranks, how many share each GPU.
std::vector<std::vector<Placement>> place(Scope scope, const std::vector<Part>& gpus, int ranks_per_gpu = 1);

/// All pairs of n things in as few rounds as possible, none of them twice in a round (the circle method of
/// round-robin tournaments): n - 1 rounds for an even n, n for an odd one.
std::vector<std::vector<std::pair<int, int>>> rounds_of_pairs(int n);

}  // namespace assay
