#include "harness/telemetry/slowdowns.h"

#include "harness/node/nvml_abi.h"

namespace assay::telemetry {
namespace {

/// One sample may show a transition of the clock: two are needed, and a quarter of a second of them.
constexpr int kFewestSamples = 2;
constexpr double kLeastShown_s = 0.25;

bool is_shown(Slowdown slowdown, std::uint64_t reasons) {
  namespace reason = nvml::clocks_event_reason;
  const auto has = [&](std::uint64_t bit) { return (reasons & bit) != 0; };
  switch (slowdown) {
    case Slowdown::software_thermal:
      return has(reason::software_thermal);
    case Slowdown::hardware_thermal:
      return has(reason::hardware_thermal);
    case Slowdown::power_brake:
      return has(reason::hardware_power_brake);
    case Slowdown::power_cap:
      return has(reason::software_power_cap);
    case Slowdown::hardware_other:
      return has(reason::hardware_slowdown) && !has(reason::hardware_thermal) &&
             !has(reason::hardware_power_brake);
  }
  return false;
}

}  // namespace

const char* counter_of(Slowdown slowdown) {
  switch (slowdown) {
    case Slowdown::software_thermal:
      return counters::software_thermal_ns;
    case Slowdown::hardware_thermal:
      return counters::hardware_thermal_ns;
    case Slowdown::power_brake:
      return counters::power_brake_ns;
    case Slowdown::power_cap:
      return counters::power_cap_ns;
    case Slowdown::hardware_other:
      break;
  }
  return nullptr;
}

const char* measure_of(Slowdown slowdown) {
  switch (slowdown) {
    case Slowdown::software_thermal:
      return "sw_thermal_slowdown";
    case Slowdown::hardware_thermal:
      return "hw_thermal_slowdown";
    case Slowdown::power_brake:
      return "power_brake";
    case Slowdown::power_cap:
      return "power_cap";
    case Slowdown::hardware_other:
      break;
  }
  return "hw_other_slowdown";
}

SampledSlowdowns slowdowns_in(const std::vector<GpuSample>& samples, double period_s) {
  SampledSlowdowns sampled;
  std::array<int, kSlowdowns> shown{};
  int known = 0;
  for (const GpuSample& sample : samples) {
    if (!sample.throttle_reasons.value) continue;
    ++known;
    for (std::size_t i = 0; i < kSlowdowns; ++i) {
      const auto reasons = static_cast<std::uint64_t>(*sample.throttle_reasons.value);
      if (is_shown(static_cast<Slowdown>(i), reasons)) ++shown[i];
    }
  }
  sampled.sampled_s = known * period_s;
  for (std::size_t i = 0; i < kSlowdowns; ++i) {
    const double shown_s = shown[i] * period_s;
    if (shown[i] >= kFewestSamples && shown_s >= kLeastShown_s) sampled.held_s[i] = shown_s;
  }
  return sampled;
}

}  // namespace assay::telemetry
