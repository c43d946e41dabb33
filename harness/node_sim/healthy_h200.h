// A healthy H200 SXM at rest, for nodes that no configuration describes: a foreign program's own, and tests'.
// The same as configs/sim/ says, with the sources; a test holds this to it.
#pragma once

#include "harness/node_sim/state.h"

namespace assay::sim {

inline constexpr std::int32_t kHealthyPcieGeneration = 5, kHealthyPcieWidth = 16;

PlantConstants healthy_h200_plant();

/// Fills in all but what tells one card from another: uuid, serial, PCI address, module and slot, cells.
void make_healthy_h200(GpuConstants& constants);

/// At rest and as warm as that makes it at `time`: settings as delivered, links up where the node has
/// switches, no errors. `idle_excess_w`: what it draws at rest, over what the plant says.
void make_healthy(GpuDynamic& dynamic, const PlantConstants& plant, Nanoseconds time, bool nvlinks,
                  double idle_excess_w = 0);

}  // namespace assay::sim
