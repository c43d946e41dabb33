// What NCCL takes from the machine: room for shared memory, and settings that nobody can keep from it.
#pragma once

#include "harness/cli/prerequisites.h"

namespace assay::cli {

/// The files and the room of this machine.
std::vector<Prerequisite> nccl_prerequisites();

}  // namespace assay::cli
