// A profile: which checks run, in what order, and for how long.
#pragma once

#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/shipped_files.h"
#include "harness/model/placement.h"

namespace assay::config {

/// One item of the order: a check, or several that overlap on the same GPUs.
struct ProfileEntry {
  std::vector<Body> bodies;  // durations: 0 is once through; no variants
  int stays_for = 0;         // how many further entries run before the second half of its work
  double deadline_s = 0;     // after which a worker is stopped
};

struct Profile {
  std::string name, summary;
  bool in_service = false;  // for nodes that have served: kInService
  double sample_hz = 10;
  double idle_timeout_s = 60;  // how long a step waits for the node to be idle
  std::vector<ProfileEntry> checks;
  std::vector<SourceFile> files;  // that it was read from
};

Profile load_profile(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
