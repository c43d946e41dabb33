// Clocks, what holds them down, and utilisation.
#include <cmath>

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

constexpr unsigned kDomains = 4;
constexpr unsigned kBoostedDomains = 2;  // graphics and SM
constexpr unsigned kIdleVideoMhz = 765;
constexpr unsigned kMaxVideoMhz = 1545;
constexpr unsigned kPercent = 100;
constexpr unsigned kSamplingPeriodUs = 100'000;

unsigned megahertz(double value) {
  return static_cast<unsigned>(std::lround(value));
}

unsigned current_clock(const GpuView& gpu, unsigned domain) {
  const sim::PlantReading now = gpu.plant();
  if (domain == kClockMemory) return megahertz(now.memory_mhz);
  if (domain == kClockVideo) return gpu.dynamic.contexts > 0 ? kMaxVideoMhz : kIdleVideoMhz;
  return megahertz(now.governed.sm_mhz);
}

unsigned max_clock(const GpuView& gpu, unsigned domain) {
  if (domain == kClockMemory) return megahertz(gpu.state.plant.memory_mhz);
  if (domain == kClockVideo) return kMaxVideoMhz;
  return megahertz(gpu.state.plant.boost_sm_mhz);
}

unsigned long long reasons(const GpuView& gpu) {
  using namespace clocks_event_reason;
  const sim::PlantReading now = gpu.plant();
  unsigned long long bits = 0;
  if (now.utilisation <= 0) bits |= gpu_idle;
  if (now.governed.is_held_by(sim::HeldBy::power_cap)) bits |= software_power_cap;
  if (now.governed.is_held_by(sim::HeldBy::software_thermal)) bits |= software_thermal;
  if (now.governed.is_held_by(sim::HeldBy::hardware_thermal)) bits |= hardware_slowdown | hardware_thermal;
  if (now.governed.is_held_by(sim::HeldBy::power_brake)) bits |= hardware_slowdown | hardware_power_brake;
  return bits;
}

/// An engine that no simulated work uses.
Return idle_engine(Device device, unsigned* percent, unsigned* period_us) {
  return with_gpu(device, percent && period_us, [&](const GpuView&) {
    *percent = 0;
    *period_us = kSamplingPeriodUs;
    return Return::success;
  });
}

}  // namespace

Return nvmlDeviceGetClockInfo(Device device, unsigned domain, unsigned* mhz) {
  return answer_if(domain < kDomains, device, mhz,
                   [&](const GpuView& gpu) { return current_clock(gpu, domain); });
}

Return nvmlDeviceGetMaxClockInfo(Device device, unsigned domain, unsigned* mhz) {
  return answer_if(domain < kDomains, device, mhz,
                   [&](const GpuView& gpu) { return max_clock(gpu, domain); });
}

Return nvmlDeviceGetClock(Device device, unsigned domain, unsigned id, unsigned* mhz) {
  if (id == kClockIdCurrent) return nvmlDeviceGetClockInfo(device, domain, mhz);
  if (id == kClockIdTarget && domain <= kClockSm) {
    return answer(device, mhz, [&](const GpuView& gpu) {
      return gpu.dynamic.set_sm_mhz > 0 ? gpu.dynamic.set_sm_mhz : static_cast<int>(max_clock(gpu, domain));
    });
  }
  const bool application = id == kClockIdTarget || id == kClockIdDefault;
  if (application && domain != kClockVideo) return nvmlDeviceGetMaxClockInfo(device, domain, mhz);
  if (id == kClockIdBoostMax) return nvmlDeviceGetMaxCustomerBoostClock(device, domain, mhz);
  return not_supported(device, mhz && domain < kDomains && id < kClockIds);
}

Return nvmlDeviceGetMaxCustomerBoostClock(Device device, unsigned domain, unsigned* mhz) {
  if (domain >= kBoostedDomains) return not_supported(device, mhz && domain < kDomains);
  return nvmlDeviceGetMaxClockInfo(device, domain, mhz);
}

Return nvmlDeviceGetPerformanceState(Device device, unsigned* state) {
  return answer_constant(device, state, 0U);  // H200s stay at P0, idle too
}

Return nvmlDeviceGetPowerState(Device device, unsigned* state) {
  return nvmlDeviceGetPerformanceState(device, state);
}

Return nvmlDeviceGetCurrentClocksEventReasons(Device device, unsigned long long* bits) {
  return answer(device, bits, reasons);
}

Return nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long* bits) {
  return answer(device, bits, reasons);
}

Return nvmlDeviceGetSupportedClocksEventReasons(Device device, unsigned long long* bits) {
  return answer_constant(device, bits, 0x1ffULL);
}

Return nvmlDeviceGetSupportedClocksThrottleReasons(Device device, unsigned long long* bits) {
  return nvmlDeviceGetSupportedClocksEventReasons(device, bits);
}

Return nvmlDeviceGetUtilizationRates(Device device, Utilization* utilization) {
  return with_gpu(device, utilization != nullptr, [&](const GpuView& gpu) {
    const sim::PlantReading now = gpu.plant();
    *utilization = {static_cast<unsigned>(std::lround(now.utilisation * kPercent)),
                    static_cast<unsigned>(std::lround(now.memory_utilisation * kPercent))};
    return Return::success;
  });
}

Return nvmlDeviceGetEncoderUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return idle_engine(device, percent, period_us);
}
Return nvmlDeviceGetDecoderUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return idle_engine(device, percent, period_us);
}
Return nvmlDeviceGetJpgUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return idle_engine(device, percent, period_us);
}
Return nvmlDeviceGetOfaUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return idle_engine(device, percent, period_us);
}

}  // namespace assay::nvml
