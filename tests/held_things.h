// What processes hold of the machine that could outlive them.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace assay::testing_tools {

struct HeldThings {
  std::set<std::string> listeners;  // inodes of TCP sockets that listen
  std::set<std::string> files;      // in /dev/shm, opened or mapped

  void add(const HeldThings& others);
};

HeldThings held_by(const std::vector<pid_t>& processes);

/// Those that are still there.
HeldThings left_of(const HeldThings& held);

}  // namespace assay::testing_tools
