// The links of a simulated GPU: how fast what is left of them is, and what went over each.
#pragma once

#include "harness/model/work.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// Of the rate of a healthy link. Every generation doubles the one before it.
double share_of_pcie(std::int32_t generation, std::int32_t width);

/// `speed` with the GPU's own links as they are: an NVLink that is down is missing, and PCIe is as wide and
/// as fast as it was trained.
DeviceSpeed over_links(DeviceSpeed speed, const State& state, int gpu);

/// Over NVLink.
bool can_reach(const State& state, int gpu, int other);

/// What work with a peer asks of the GPU that it is for, and of the peer: what one sends, the other receives.
/// Without a link they reach one another over PCIe.
struct BothEnds {
  Demand here, there;
};
BothEnds at_both_ends(const Demand& demand, bool linked);

/// Counts it, on every NVLink that is up the same.
void count_traffic(State& state, int gpu, const Work& work);

/// What work that takes so long uses meanwhile, of what `whole` has.
Loads loads_of(const Work& work, double seconds, const DeviceSpeed& whole);

}  // namespace assay::sim
