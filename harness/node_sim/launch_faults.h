// Faults that act when work is launched on a simulated GPU: errors that are counted, Xids, a GPU that falls
// off, a worker that crashes or hangs.
#pragma once

#include <cstdint>

#include "harness/node_sim/state.h"

namespace assay::sim {

/// Called before each launch with its number in this process, from 0. May throw DeviceFailure, raise a
/// signal, or never return: then it waits by `clock`, since a hanging GPU does not stop the others' time.
void act_at_launch(State& state, int gpu, Clock& clock, std::uint64_t launch);

}  // namespace assay::sim
