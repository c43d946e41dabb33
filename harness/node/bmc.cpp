#include "harness/node/bmc.h"

#include <algorithm>

namespace assay {
namespace {

// DCMI 1.5, tables 6-1 and 6-17; IPMI 2.0, table 5-1.
constexpr std::uint8_t kGroupExtension = 0x2c, kDcmi = 0xdc, kGetTemperatures = 0x10;
constexpr std::uint8_t kTemperatureSensors = 0x01, kAirInlet = 0x40, kAllInstances = 0x00,
                       kFromTheFirst = 0x01;

// The answer: completion code, group, sensors in all, sensors in this answer, and two bytes for each of
// these.
constexpr std::size_t kGroupAt = 1, kSensorsAt = 3, kHeaderBytes = 4, kBytesPerSensor = 2;

/// Sign and magnitude.
double celsius_of(std::uint8_t reading) {
  const int magnitude = reading & 0x7f;
  return (reading & 0x80) != 0 ? -magnitude : magnitude;
}

}  // namespace

std::optional<double> inlet_temperature(Bmc& bmc) {
  const auto answer = bmc.ask({kGroupExtension,
                               kGetTemperatures,
                               {kDcmi, kTemperatureSensors, kAirInlet, kAllInstances, kFromTheFirst}});
  if (!answer || answer->size() < kHeaderBytes || answer->front() != kIpmiDone ||
      (*answer)[kGroupAt] != kDcmi)
    return {};
  const std::size_t there = (answer->size() - kHeaderBytes) / kBytesPerSensor;
  const std::size_t sensors = std::min<std::size_t>((*answer)[kSensorsAt], there);
  std::optional<double> warmest;
  for (std::size_t i = 0; i < sensors; ++i) {
    const double celsius = celsius_of((*answer)[kHeaderBytes + i * kBytesPerSensor]);
    warmest = std::max(warmest.value_or(celsius), celsius);
  }
  return warmest;
}

}  // namespace assay
