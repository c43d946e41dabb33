// What the operating system of a simulated node says of its PCI devices: written from the node's state when
// it is asked for, as sysfs does.
#pragma once

#include "harness/node/host_files.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

class SimulatedSysfs final : public HostFiles {
 public:
  explicit SimulatedSysfs(const SharedState& state) : state_(state) {}

  std::optional<std::string> read(const std::string& path) const override;
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string& folder) const override;
  std::optional<std::string> resolve(const std::string& path) const override;

 private:
  SharedState state_;
};

}  // namespace assay::sim
