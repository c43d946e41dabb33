// What the operating system of a simulated node says of the machine around its GPUs (node/host_inventory.h).
#pragma once

#include <map>
#include <string>

#include "harness/node_sim/state.h"

namespace assay::sim {

/// Every file with what it holds, by path.
std::map<std::string, std::string> files_of_machine(const State& state);

/// Those of its network ports alone, which change while a run goes on: all are below kPortFiles.
std::map<std::string, std::string> files_of_ports(const State& state);
inline constexpr const char* kPortFiles = "/sys/class/infiniband/";

}  // namespace assay::sim
