#include "harness/node_sim/simulated_bmc.h"

#include <algorithm>
#include <cmath>

namespace assay::sim {
namespace {

// IPMI 2.0, table 5-2; DCMI 1.5, table 6-17.
constexpr std::uint8_t kUnknownCommand = 0xc1, kWrongLength = 0xc7;
constexpr std::uint8_t kGroupExtension = 0x2c, kDcmi = 0xdc, kGetTemperatures = 0x10, kAirInlet = 0x40;
constexpr std::size_t kEntityAt = 2, kRequestBytes = 5;

constexpr std::uint8_t kChassis = 0x00, kGetChassisStatus = 0x01;
constexpr std::uint8_t kStorage = 0x0a, kGetSelInfo = 0x40, kGetSelEntry = 0x43, kNoSuchRecord = 0xcb;
constexpr std::uint8_t kPowerOn = 0x01, kPowerFault = 0x08, kFanFault = 0x08;

bool is_planted(const State& state, const char* kind) {
  return find_fault(state, kind, kNoSlot) != nullptr;
}

/// IPMI 2.0, 28.2.
std::vector<std::uint8_t> chassis_status(const State& state) {
  const bool power = is_planted(state, "bmc_power_fault"), fan = is_planted(state, "bmc_fan_fault");
  return {kIpmiDone, static_cast<std::uint8_t>(kPowerOn | (power ? kPowerFault : 0)), 0,
          static_cast<std::uint8_t>(fan ? kFanFault : 0)};
}

/// A log of one entry where a supply has lost its input, else an empty one (IPMI 2.0, 31.2, 31.5, 32.1).
std::vector<std::uint8_t> of_log(const State& state, const IpmiRequest& request) {
  const bool any = is_planted(state, "bmc_power_fault");
  if (request.command == kGetSelInfo) return {kIpmiDone, 0x51, static_cast<std::uint8_t>(any ? 1 : 0), 0};
  if (request.command != kGetSelEntry || !any) return {kNoSuchRecord};
  return {kIpmiDone, 0xff, 0xff, 1,    0,    0x02, 0,    0,    0,   0x60,
          0x20,      0,    0x04, 0x08, 0x62, 0x6f, 0x03, 0xff, 0xff};
}

}  // namespace

std::optional<std::vector<std::uint8_t>> SimulatedBmc::ask(const IpmiRequest& request) {
  const Lock lock(state_->mutex);
  if (state_->virtual_pci_ports != 0) return {};  // a virtual machine is not shown its host's controller
  if (request.net_function == kChassis && request.command == kGetChassisStatus)
    return chassis_status(*state_);
  if (request.net_function == kStorage) return of_log(*state_, request);
  const bool asks_dcmi =
      request.net_function == kGroupExtension && !request.data.empty() && request.data[0] == kDcmi;
  if (!asks_dcmi || request.command != kGetTemperatures) return {{kUnknownCommand}};
  if (request.data.size() != kRequestBytes) return {{kWrongLength}};
  if (request.data[kEntityAt] != kAirInlet) return {{kIpmiDone, kDcmi, 0, 0}};
  const double celsius = state_->plant.ambient_c + state_->inlet_excess_c;
  return {{kIpmiDone, kDcmi, 1, 1, static_cast<std::uint8_t>(std::clamp(std::lround(celsius), 0L, 127L)), 1}};
}

}  // namespace assay::sim
