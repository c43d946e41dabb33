// The links of a simulated GPU: how fast what is left of them is, and what went over each.
#pragma once

#include "harness/model/work.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// `speed` with the GPU's links as they are: an NVLink that is down is missing, and PCIe is as wide and as
/// fast as the worst link up to the root was trained.
DeviceSpeed over_links(DeviceSpeed speed, const State& state, int gpu);

bool has_nvlink(const State& state, int gpu);

/// What from_peer or to_peer asks of the GPU that it is for, and of the peer: what one sends, the other
/// receives. Without a link they reach one another over PCIe.
struct BothEnds {
  Demand here, there;
};
BothEnds at_both_ends(const Demand& demand, bool linked);

/// Counts it, on every NVLink that is up the same.
void count_traffic(State& state, int gpu, const Work& work);

/// What work that takes so long uses meanwhile, of what `whole` has.
Loads loads_of(const Work& work, double seconds, const DeviceSpeed& whole);

}  // namespace assay::sim
