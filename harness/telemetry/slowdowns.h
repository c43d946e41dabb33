// What held a GPU's clock down, and for how long: two witnesses, the driver's counters of time and the
// reasons that samples show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "harness/model/readings.h"

namespace assay::telemetry {

struct Slowdown {
  const char* counter;  // of nanoseconds (model/readings.h)
  const char* measure;  // of seconds (model/telemetry_measures.h)
  bool (*shown_by)(std::uint64_t reasons);
};

inline constexpr std::size_t kSlowdowns = 4;
/// The driver for heat, the hardware for heat, the power brake, the power limit.
extern const std::array<Slowdown, kSlowdowns> slowdowns;

/// What samples say, each of which stands for the time from one to the next.
struct SampledSlowdowns {
  double seconds = 0;                       // that samples which have reasons stand for
  std::array<double, kSlowdowns> held_s{};  // of them, under each
};

SampledSlowdowns slowdowns_in(const std::vector<GpuSample>& samples, double period_s);

}  // namespace assay::telemetry
