// How warm a simulated GPU becomes under its load: two first-order poles over the air that it gives its heat
// to, the chip with its cold plate (fast) and what lies behind it (slow), which the fans blow at in steps. By
// the closed form of each from tick to tick, ten a second, so that when it is looked at does not change what
// it becomes. At a tick what has become too hot is slowed down, what is warmer leaks more, and the fans are
// set.
#pragma once

#include "harness/node_sim/clock_governor.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

struct Temperatures {
  double core_c, memory_c;
};

/// At heat.time.
Temperatures temperatures(const PlantConstants& plant, const GpuDynamic& gpu, const GpuHeat& heat);

/// Of what work draws, how much more or less than at the temperature at which its figures hold.
double leaked_excess(const config::Leakage& leakage, double core_c);

/// What holds its clock down, with what it leaks at that heat.
Holds holds_at(const GpuDynamic& gpu, const GpuHeat& heat, Nanoseconds time);

/// What `gpu`'s heat is at `time`, under the loads that it has had since; as it was where `time` lies before.
GpuHeat heat_at(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time);

/// The same at the last tick before: from there it becomes what it becomes from gpu.heat.
GpuHeat heat_at_last_tick(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time);

}  // namespace assay::sim
