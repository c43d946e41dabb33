// Placements: what the planner makes of a check's scope, once. Everything behind the planner - scheduling,
// records, the judge - looks at placements alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/finding_code.h"
#include "harness/model/part.h"
#include "harness/model/work.h"

namespace assay {

/// What a placement's processes work on: one check, or several that overlap on the same devices, each on a
/// stream of its own. A step each.
struct Body {
  std::string check;
  std::string variant;      // of those that the check declares; empty where it declares none
  double duration_s = 0;    // what the check is asked to work
  double memory_share = 1;  // of its devices' memory: above 0, at most 1
  /// Fixed by the planner from what the checks of the stage declare, whenever each of them is at work.
  Sharers sharers = kUnshared;
};

/// One worker: a process, or a thread of a fast simulation. Its place in the placement is its rank.
struct Participant {
  std::vector<Part> devices;  // slots whose GPUs it sees, and no others, in this order; empty: none
};

/// Of a follow-up: it runs, and is required, only once one of these findings has been made.
struct Condition {
  std::vector<FindingCode> findings;
  /// Only placements that a finding accuses: one of their devices is the accused unit. A finding at node
  /// level accuses all.
  bool of_accused = false;

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// One unit of scheduling.
struct Placement {
  Part part;                                       // of its steps: "gpu3", "gpu0-gpu5", "node"
  std::vector<Body> bodies;                        // at least one
  std::vector<Participant> participants;           // at least one; several can meet (node/ranks.h)
  std::map<std::string, std::string> environment;  // of its processes; needs processes of its own
  /// The stage at whose end it ends. Its own, unless it is a resident: that one rests between the first half
  /// of its work and the second while later stages run.
  int last_stage = 0;
  std::optional<Condition> condition;
};

/// The GPUs that it works on, each once, in the order in which they are named first.
std::vector<Part> gpus_of(const Placement& placement);

}  // namespace assay
