// What the management controller says is wrong with supplies and fans, and its event log: by standard IPMI
// commands, which need no maker's names of sensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/node/bmc.h"

namespace assay {

/// IPMI 2.0, 28.2, "Get Chassis Status".
struct ChassisStatus {
  bool power_fault = false;     // in the main supply
  bool power_overload = false;  // the supply shut down for it
  bool fan_fault = false;       // a fan, or the cooling
  bool drive_fault = false;
};
/// Nothing where the controller does not say.
std::optional<ChassisStatus> chassis_status(Bmc& bmc);

/// An entry of the system event log (IPMI 2.0, 32.1) that says that something began.
struct BmcEvent {
  std::int64_t time_s =
      0;  // of the controller's clock, since the Unix epoch; below 0x20000000: since it started
  int sensor_type = 0, sensor = 0;
  std::string what;  // "power supply: input lost"
};

struct BmcLog {
  int entries = 0;
  std::vector<BmcEvent> events;  // the latest of those that mean harm, in the order of the log
  bool cut = false;              // there were more than could be read
};
/// The log since it was cleared last; nothing where there is none.
std::optional<BmcLog> event_log(Bmc& bmc);

}  // namespace assay
