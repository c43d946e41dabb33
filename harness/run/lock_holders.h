// Which processes hold a run's lock: its supervisor, or what is left of one that was killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace assay::run {

struct LockHolder {
  pid_t pid = 0;
  std::string command;    // "assay __worker"
  char state = '?';       // proc(5): 'D' is a system call that cannot be interrupted
  bool is_child = false;  // of a supervisor: a worker or a sampler
};

/// Processes other than this one that have the folder open, by whatever path, as far as /proc shows them to
/// us.
std::vector<LockHolder> lock_holders(const std::string& folder);

/// "process 4711 (assay __worker, state D)"
std::string describe(const std::vector<LockHolder>& holders);

}  // namespace assay::run
