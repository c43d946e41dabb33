// How warm a simulated GPU becomes under its load: two first-order poles over the air that it gives its heat
// to, the chip with its cold plate (fast) and what lies behind it (slow). By the closed form of each, so that
// when it is looked at does not change what it becomes.
#pragma once

#include "harness/node_sim/state.h"

namespace assay::sim {

/// Above the ambient temperature, in K.
struct TemperatureRise {
  double fast_c, slow_c;
};

/// At `time`, under the power that the GPU has drawn since GpuDynamic::heat_time.
TemperatureRise rise_at(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time);

/// 0 where `time` lies before `start`.
double seconds_since(Nanoseconds start, Nanoseconds time);

}  // namespace assay::sim
