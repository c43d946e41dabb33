// A profile: which checks run, in what order, and for how long.
#pragma once

#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/shipped_files.h"

namespace assay::config {

struct ProfileCheck {
  std::string check;
  double duration_s = 0;  // what the check is asked to work; 0: once through
  double estimate_s = 0;  // start to end, on an H200
  double deadline_s = 0;  // after which the worker is stopped
};

struct Profile {
  std::string name, summary;
  double sample_hz = 10;
  double idle_timeout_s = 60;  // how long a step waits for the node to be idle
  std::vector<ProfileCheck> checks;
  std::vector<SourceFile> files;  // that it was read from
};

Profile load_profile(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
