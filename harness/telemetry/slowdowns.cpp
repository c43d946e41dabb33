#include "harness/telemetry/slowdowns.h"

#include "harness/node/nvml_abi.h"

namespace assay::telemetry {
namespace {

namespace reason = nvml::clocks_event_reason;

bool has(std::uint64_t reasons, std::uint64_t bit) {
  return (reasons & bit) != 0;
}

}  // namespace

const std::array<Slowdown, kSlowdowns> slowdowns{{
    {counters::software_thermal_ns, "sw_thermal_slowdown",
     [](std::uint64_t reasons) { return has(reasons, reason::software_thermal); }},
    // The general bit without the brake's is the hardware's own doing, for heat where it says nothing else.
    {counters::hardware_thermal_ns, "hw_slowdown",
     [](std::uint64_t reasons) {
       return has(reasons, reason::hardware_thermal) ||
              (has(reasons, reason::hardware_slowdown) && !has(reasons, reason::hardware_power_brake));
     }},
    {counters::power_brake_ns, "power_brake",
     [](std::uint64_t reasons) { return has(reasons, reason::hardware_power_brake); }},
    {counters::power_cap_ns, "power_cap",
     [](std::uint64_t reasons) { return has(reasons, reason::software_power_cap); }},
}};

SampledSlowdowns slowdowns_in(const std::vector<GpuSample>& samples, double period_s) {
  SampledSlowdowns sampled;
  for (const GpuSample& sample : samples) {
    if (!sample.throttle_reasons.value) continue;
    sampled.seconds += period_s;
    for (std::size_t i = 0; i < kSlowdowns; ++i) {
      if (slowdowns[i].shown_by(static_cast<std::uint64_t>(*sample.throttle_reasons.value)))
        sampled.held_s[i] += period_s;
    }
  }
  return sampled;
}

}  // namespace assay::telemetry
