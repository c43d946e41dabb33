// How fast a node is: what all its GPUs do together, and not some of them.
#pragma once

#include "harness/model/criteria.h"
#include "harness/model/run.h"

namespace assay {

/// Whether limits that lead to such findings are held against what the step measured of the part. Limits of
/// a node's speed are those of all its GPUs; what is wrong with fewer is wrong all the same.
bool is_held_against(FindingClass cls, const Plan& plan, const Step& step, const Part& part);

}  // namespace assay
