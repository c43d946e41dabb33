// What held a GPU's clock down, and for how long: two witnesses, the driver's counters of time and the
// reasons that samples show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "harness/model/readings.h"

namespace assay::telemetry {

/// The driver for heat, the hardware for heat, the power brake, the power limit; and the hardware for what it
/// does not tell, of which no counter knows.
enum class Slowdown { software_thermal, hardware_thermal, power_brake, power_cap, hardware_other };
inline constexpr std::size_t kSlowdowns = 5;

/// What counts its nanoseconds (model/readings.h); null for hardware_other.
const char* counter_of(Slowdown slowdown);
/// Of its seconds (model/telemetry_measures.h).
const char* measure_of(Slowdown slowdown);

/// What samples say, each of which stands for the time from one to the next.
struct SampledSlowdowns {
  /// Under each, by Slowdown. 0 where hardly any sample shows it.
  std::array<double, kSlowdowns> held_s{};
  double sampled_s = 0;  // that samples which have reasons stand for
};

SampledSlowdowns slowdowns_in(const std::vector<GpuSample>& samples, double period_s);

}  // namespace assay::telemetry
