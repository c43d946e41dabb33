// The node that a program sees which loads the library on its own: eight healthy H200s at rest.
#pragma once

#include "harness/node_sim/state.h"

namespace assay::nvml {

/// Throws std::runtime_error.
sim::SharedState make_private_node();

}  // namespace assay::nvml
