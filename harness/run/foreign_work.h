// Who else is at work on the node's GPUs: processes that are not ours, and work whose process nobody shows.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "harness/model/phrase.h"
#include "harness/model/plan.h"
#include "harness/model/readings.h"

namespace assay::run {

struct Busy {
  FindingCode symptom;  // "environment.foreign_process" or "environment.not_idle"
  Phrase message;       // who and where
  bool stays = false;   // waiting does not help
  Part part;            // the GPU: what it measures is excused, and no other's
};

/// A worker of ours that lives while others are looked for.
struct Resident {
  pid_t pid = 0;  // 0: a thread of ours, which the driver lists under our own process, if at all
  std::vector<Part> gpus;
  // Not even SIGKILL ended it: its GPUs are at work on who knows what, and no other's fault.
  bool hung = false;
  // It has just ended: it may still be listed, and need not.
  bool ended = false;
};

/// Looks at readings taken while no worker of ours works. One item a busy GPU; a GPU in no slot of the plan
/// is the node's. Each resident is allowed one process on each of its GPUs, by its process id where the
/// driver knows it: in a container's own process namespace the ids differ.
std::vector<Busy> foreign_work(const Plan& plan, const NodeReadings& readings,
                               const std::vector<Resident>& residents);

}  // namespace assay::run
