// What a simulated GPU's clock is held down to, by what, and what power it draws at that.
#pragma once

#include <array>

#include "harness/node_sim/state.h"

namespace assay::sim {

struct Governed {
  double sm_mhz, power_w;
  std::array<bool, kHeldBy> held;

  bool is_held_by(HeldBy what) const { return held[static_cast<std::size_t>(what)]; }
};

/// What a clock may be held down by.
struct Holds {
  bool in_use;  // somebody has a context
  double power_limit_w;
  double clock_cut = 0;  // as GpuHeat has it
  bool overheated = false, braked = false;
  double held_mhz = 0, power_excess = 0;  // as GpuDynamic has them
  double idle_excess_w = 0;               // where nobody has a context
};
Holds holds_on(const GpuDynamic& gpu, const GpuHeat& heat, Nanoseconds time);

/// The highest clock that all of them allow under these loads; the power follows from it.
Governed govern(const PlantConstants& plant, const Holds& holds, const Loads& loads);

/// Of the rate of such work at the full clock, what this clock leaves.
double share_at(WorkKind kind, double sm_mhz, const PlantConstants& plant);

/// 0 to 1: more than all of it nobody gets.
double load_of(const Loads& loads, Resource resource);

}  // namespace assay::sim
