// Fills a simulated node's state from its file and the faults to plant.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/fault.h"
#include "harness/config/sim_node.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

struct NodeSetup {
  const config::SimNode& node;
  std::map<int, int> slot_of_module;  // chassis slot by module id, as the SKU numbers them
  std::vector<config::Fault> faults;
  std::uint64_t seed = 0;
  double time_scale = 0;
  Nanoseconds start = 0;        // the virtual clock's first reading
  std::string kernel_log_path;  // must exist
};

void build_state(State& state, const NodeSetup& setup);

}  // namespace assay::sim
