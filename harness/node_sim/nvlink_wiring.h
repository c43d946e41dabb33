// How the NVLinks of a simulated node are wired: from GPUs to the ports of four NVSwitches.
#pragma once

#include <string>

#include "harness/node_sim/state.h"

namespace assay::sim {

/// What an NVLink of a GPU ends at. A GPU has 4, 5, 5 and 4 links to its four switches, in another order than
/// the next one has (NVIDIA/nccl issue 1182).
struct NvlinkEnd {
  int nvswitch, port;
};
NvlinkEnd far_end(int gpu, int link);

/// "0000:84:00.0" of switch 1.
std::string nvswitch_address(int number);

/// Whether it has trained by then.
bool is_up(const Nvlink& link, Nanoseconds time);

}  // namespace assay::sim
