#include "harness/run/worker_node.h"

#include "harness/node_real/cuda_gpu.h"
#include "harness/node_real/real_clock.h"
#include "harness/node_sim/sim_gpu.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::run {

std::unique_ptr<Clock> open_clock(const NodeAddress& address) {
  if (!address.simulated) return std::make_unique<RealClock>();
  return std::make_unique<sim::VirtualClock>(sim::SharedState::attach(address.state_path), address.seat);
}

std::unique_ptr<Gpu> open_gpu(const Assignment& assignment, Clock& clock) {
  if (!assignment.node.simulated) return open_cuda_gpu(assignment.pci_address);
  const int slot = gpu_slot(assignment.part).value_or(-1);
  return std::make_unique<sim::SimGpu>(sim::SharedState::attach(assignment.node.state_path), slot, clock,
                                       assignment.seed);
}

}  // namespace assay::run
