// The management controller of a simulated node: it answers requests as the specifications have them.
#pragma once

#include "harness/node/bmc.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

class SimulatedBmc final : public Bmc {
 public:
  explicit SimulatedBmc(const SharedState& state) : state_(state) {}
  std::optional<std::vector<std::uint8_t>> ask(const IpmiRequest& request) override;

 private:
  SharedState state_;
};

}  // namespace assay::sim
