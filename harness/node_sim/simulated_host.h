// The host of a simulated node, as a worker sees it.
#pragma once

#include "harness/node/clock.h"
#include "harness/node/host.h"
#include "harness/node_sim/simulated_bmc.h"
#include "harness/node_sim/simulated_files.h"

namespace assay::sim {

class SimulatedHost final : public Host {
 public:
  SimulatedHost(const SharedState& state, Clock& clock)
      : state_(state), clock_(clock), files_(state), bmc_(state) {}

  const HostFiles& files() const override { return files_; }
  /// Of this process, whatever the NUMA node: which it is meant to be is remembered.
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override;
  double memory_rate(int numa_node) override;
  Bmc& bmc() override { return bmc_; }

 private:
  SharedState state_;
  Clock& clock_;
  SimulatedFiles files_;
  SimulatedBmc bmc_;
};

/// That memory of SimulatedHost's is meant to be of; kAnyNumaNode for any other.
int numa_node_of_pages(const void* memory);

}  // namespace assay::sim
