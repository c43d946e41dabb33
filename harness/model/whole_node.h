// How fast a node is: what all its GPUs do together, and not some of them.
#pragma once

#include "harness/model/criteria.h"
#include "harness/model/run.h"

namespace assay {

/// False where the step ran on GPUs of the node, and not on all that the SKU has: one was left out, or is
/// missing.
bool is_of_all_gpus(const Plan& plan, const Step& step);

/// Whether limits that lead to such findings are held against what the step measured of the part. Limits of
/// a node's speed are those of all its GPUs; what is wrong with fewer is wrong all the same.
bool is_held_against(FindingClass cls, const Plan& plan, const Step& step, const Part& part);

}  // namespace assay
