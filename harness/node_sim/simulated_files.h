// Files of a simulated node: those of its PCI devices and of the machine around them, and those that NCCL
// reads of a machine.
#pragma once

#include "harness/node_sim/simulated_machine.h"
#include "harness/node_sim/simulated_sysfs.h"

namespace assay::sim {

class SimulatedFiles final : public HostFiles {
 public:
  explicit SimulatedFiles(const SharedState& state)
      : state_(state), sysfs_(state), machine_(files_of_machine(*state)) {}

  std::optional<std::string> read(const std::string& path) const override;
  std::optional<std::string> sha256(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override;
  std::optional<std::string> resolve(const std::string& path) const override { return sysfs_.resolve(path); }

 private:
  SharedState state_;
  SimulatedSysfs sysfs_;
  std::map<std::string, std::string> machine_;  // by path
};

}  // namespace assay::sim
