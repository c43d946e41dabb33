// How warm a simulated GPU becomes under its load: two first-order poles over the air that it gives its heat
// to, the chip with its cold plate (fast) and what lies behind it (slow). By the closed form of each, so that
// when it is looked at does not change what it becomes. What becomes too hot is slowed down, ten times a
// second.
#pragma once

#include "harness/node_sim/clock_governor.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

struct Temperatures {
  double core_c, memory_c;
};

/// At heat.time.
Temperatures temperatures(const PlantConstants& plant, const GpuDynamic& gpu, const GpuHeat& heat);

/// What `gpu`'s heat is at `time`, under the loads that it has had since; as it was where `time` lies before.
GpuHeat heat_at(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time);

}  // namespace assay::sim
