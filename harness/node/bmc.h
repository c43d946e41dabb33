// The node's management controller (BMC), which sees what no driver of a GPU does: the air that the node
// takes in. It is asked only, never told.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace assay {

struct IpmiRequest {
  std::uint8_t net_function, command;
  std::vector<std::uint8_t> data;
};

/// The completion code of a command that was carried out (IPMI 2.0, table 5-2).
constexpr std::uint8_t kIpmiDone = 0x00;

class Bmc {
 public:
  virtual ~Bmc() = default;
  /// What it answers, the completion code first (IPMI 2.0, 5.2). Nothing where the node has none that this
  /// process may ask, or where it does not answer in time.
  virtual std::optional<std::vector<std::uint8_t>> ask(const IpmiRequest& request) = 0;
};

/// The air that the node takes in, in degrees Celsius: of several inlets the warmest. By DCMI, which asks for
/// the sensor's place and not for its name, which each maker chooses (DCMI 1.5, 6.7.3, "Get Temperature
/// Readings"). Nothing where the controller does not have it.
std::optional<double> inlet_temperature(Bmc& bmc);

}  // namespace assay
