// Whether the node is idle: before a measurement nobody else may be at work on it.
#pragma once

#include <optional>
#include <string>

#include "harness/plan/plan.h"

namespace assay::run {

struct Busy {
  std::string symptom;  // "environment.foreign_process" or "environment.not_idle"
  std::string message;  // who and where
};

/// Looks at readings taken while no worker of ours lives: any process on a GPU is somebody else's.
std::optional<Busy> busy(const Plan& plan, const NodeReadings& readings);

}  // namespace assay::run
