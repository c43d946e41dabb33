#include "harness/node_sim/simulated_bmc.h"

#include <algorithm>
#include <cmath>

namespace assay::sim {
namespace {

// IPMI 2.0, table 5-2; DCMI 1.5, table 6-17.
constexpr std::uint8_t kDone = 0x00, kUnknownCommand = 0xc1, kWrongLength = 0xc7;
constexpr std::uint8_t kGroupExtension = 0x2c, kDcmi = 0xdc, kGetTemperatures = 0x10, kAirInlet = 0x40;
constexpr std::size_t kEntityAt = 2, kRequestBytes = 5;

}  // namespace

std::optional<std::vector<std::uint8_t>> SimulatedBmc::ask(const IpmiRequest& request) {
  const Lock lock(state_->mutex);
  if (state_->virtual_pci_ports != 0) return {};  // a virtual machine is not shown its host's controller
  const bool asks_dcmi =
      request.net_function == kGroupExtension && !request.data.empty() && request.data[0] == kDcmi;
  if (!asks_dcmi || request.command != kGetTemperatures) return {{kUnknownCommand}};
  if (request.data.size() != kRequestBytes) return {{kWrongLength}};
  if (request.data[kEntityAt] != kAirInlet) return {{kDone, kDcmi, 0, 0}};
  const double celsius = state_->plant.ambient_c + state_->inlet_excess_c;
  return {{kDone, kDcmi, 1, 1, static_cast<std::uint8_t>(std::clamp(std::lround(celsius), 0L, 127L)), 1}};
}

}  // namespace assay::sim
