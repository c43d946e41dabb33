// Whether the node is idle: before a measurement nobody else may be at work on it.
#pragma once

#include <string>
#include <vector>

#include "harness/plan/plan.h"

namespace assay::run {

struct Busy {
  std::string symptom;  // "environment.foreign_process" or "environment.not_idle"
  std::string message;  // who and where
  Part part;            // the GPU: what it measures is excused, and no other's
};

/// Looks at readings taken while no worker of ours lives: any process on a GPU is somebody else's. One item a
/// busy GPU; a GPU in no slot of the plan is the node's.
std::vector<Busy> busy(const Plan& plan, const NodeReadings& readings);

}  // namespace assay::run
