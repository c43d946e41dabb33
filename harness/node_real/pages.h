// Pages of this machine's memory, of one of its NUMA nodes.
#pragma once

#include "harness/node/host.h"

namespace assay {

/// As Host::allocate().
std::unique_ptr<HostMemory> allocate_pages(std::uint64_t bytes, int numa_node);

}  // namespace assay
