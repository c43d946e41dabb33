// What the machine's settings must be for an acceptance: limits of processes, time, containers.
#pragma once

#include <vector>

#include "harness/cli/prerequisites.h"
#include "harness/node/host_files.h"

namespace assay::cli {

/// None of them stops a run: each may spoil one.
std::vector<Prerequisite> machine_prerequisites();

/// Whether GPUs and network cards reach one another directly over PCIe.
Prerequisite direct_traffic(const HostFiles& files);

}  // namespace assay::cli
