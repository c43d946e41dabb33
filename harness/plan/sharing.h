// Who shares what in a stage: from what its checks declare that they work at.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/model/plan.h"

namespace assay {

/// Check::loads, by the check's name.
using LoadsOf = std::function<std::vector<Resource>(const std::string&)>;

/// Fills in Body::sharers: of a GPU's own resources the bodies of the same placement share, in each of the
/// ranks that share the GPU; of the host's memory all that are at work in the stage.
void share_resources(Stage& stage, const LoadsOf& loads_of);

}  // namespace assay
