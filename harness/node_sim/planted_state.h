// Faults that are a state of the node from the start: a missing GPU, a wrong setting, a pending remap. Faults
// that act while work runs are looked up by the simulated memory and GPU.
#pragma once

#include "harness/config/fault.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// Changes the state of the fault's GPU where its kind is of this sort; otherwise does nothing.
void plant_in_state(State& state, const config::Fault& fault);

}  // namespace assay::sim
