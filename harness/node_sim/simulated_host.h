// The host of a simulated node, as a worker sees it.
#pragma once

#include "harness/node/host.h"
#include "harness/node_sim/simulated_sysfs.h"

namespace assay::sim {

class SimulatedHost final : public Host {
 public:
  explicit SimulatedHost(const SharedState& state) : files_(state) {}

  const HostFiles& files() const override { return files_; }
  /// Of this process, whatever the NUMA node.
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override;

 private:
  SimulatedSysfs files_;
};

}  // namespace assay::sim
