// How fast this machine's processors copy within the memory of one of its NUMA nodes.
#pragma once

#include "harness/node/host_files.h"

namespace assay {

/// As Host::memory_rate().
double memory_rate_of(const HostFiles& files, int numa_node);

}  // namespace assay
