// The host's memory as its own processors see it: where a module is missing, it shows here first.
#pragma once

#include <vector>

#include "harness/check.h"

namespace assay::pcie {

/// "node/socket1".
Part part_of_socket(int socket);

/// Emits host_memory of each socket and numa_nodes. `nodes`: the NUMA nodes, none where the kernel tells
/// none; `near`: those that GPUs are near to. Of a node that cannot be measured, nothing is said of its
/// socket, nor of how many there are.
void measure_host_memory(Context& context, const std::vector<int>& nodes, const std::vector<int>& near);

}  // namespace assay::pcie
