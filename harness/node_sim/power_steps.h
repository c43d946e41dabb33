// When simulated GPUs come from rest to work, and what a supply makes of it that cannot follow.
#pragma once

#include "harness/node_sim/state.h"

namespace assay::sim {

/// The GPU's loads have changed at `time`. Caller holds state.mutex.
void note_loads(State& state, int gpu, Nanoseconds time);

/// Its last context is gone: what it rests from now on is no rest within a load.
void forget_rest(GpuDynamic& gpu);

/// Since it came from rest to work, of what begins to work at `time`: 0 where it rests.
double seconds_since_rise(const GpuDynamic& gpu, Nanoseconds time);

}  // namespace assay::sim
