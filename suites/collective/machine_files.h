// Files of the machine that NCCL reads unasked.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "harness/check.h"

namespace assay::collective {

struct MachineFiles {
  /// "NCCL_P2P_DISABLE=1, NCCL_DEBUG=INFO": what its settings add to those of this process; "none".
  std::string settings;
  nlohmann::json evidence;
};

/// Before NCCL's first call, which makes the settings part of the environment.
MachineFiles machine_files(const HostFiles& files);

}  // namespace assay::collective
