#include "harness/node_sim/nvml_library/power.h"

#include <cmath>

namespace assay::nvml {
namespace {

constexpr double kMilli = 1000;

}  // namespace

unsigned power_mw(const GpuView& gpu) {
  return static_cast<unsigned>(std::lround(gpu.plant().governed.power_w * kMilli));
}

unsigned default_limit_mw(const GpuView& gpu) {
  return static_cast<unsigned>(std::lround(gpu.state.plant.speed.power.limit_w * kMilli));
}

unsigned long long energy_mj(const GpuView& gpu) {
  return static_cast<unsigned long long>(gpu.plant().energy_j * kMilli);
}

Return nvmlDeviceGetPowerManagementMode(Device device, unsigned* mode) {
  return answer_constant(device, mode, 1U);
}

Return nvmlDeviceGetPowerUsage(Device device, unsigned* milliwatts) {
  return answer(device, milliwatts, power_mw);
}

Return nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned* milliwatts) {
  return answer(device, milliwatts, [](const GpuView& gpu) { return gpu.dynamic.power_limit_mw; });
}

Return nvmlDeviceGetPowerManagementLimit(Device device, unsigned* milliwatts) {
  return nvmlDeviceGetEnforcedPowerLimit(device, milliwatts);
}

Return nvmlDeviceGetPowerManagementDefaultLimit(Device device, unsigned* milliwatts) {
  return answer(device, milliwatts, default_limit_mw);
}

Return nvmlDeviceGetPowerManagementLimitConstraints(Device device, unsigned* minimum, unsigned* maximum) {
  return with_gpu(device, minimum && maximum, [&](const GpuView&) {
    *minimum = kMinimumLimitMw;
    *maximum = kMaximumLimitMw;
    return Return::success;
  });
}

Return nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long* millijoules) {
  return answer(device, millijoules, energy_mj);
}

}  // namespace assay::nvml
