#include "harness/node_sim/sim_gpu.h"

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"

namespace assay::sim {

SimGpu::SimGpu(const SharedState& state, int slot, Clock& clock, std::uint64_t step_seed,
               const Sharers& sharers, const std::string& check, Seat seat)
    : device_(state, slot, clock, step_seed, sharers, check, seat),
      gpu_(cuda_emulation::open_emulated_gpu(device_.pci_address())) {}

}  // namespace assay::sim
