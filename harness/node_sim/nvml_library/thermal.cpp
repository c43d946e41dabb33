// Temperatures. SXM modules have no fan of their own.
#include "harness/node_sim/nvml_library/thermal.h"

#include <cmath>

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

int core_c(const GpuView& gpu) {
  return static_cast<int>(std::lround(gpu.plant().temperature_c));
}

}  // namespace

Return nvmlDeviceGetTemperature(Device device, unsigned sensor, unsigned* celsius) {
  return answer_if(sensor == kSensorGpu, device, celsius,
                   [&](const GpuView& gpu) { return static_cast<unsigned>(core_c(gpu)); });
}

Return nvmlDeviceGetTemperatureV(Device device, Temperature* temperature) {
  return with_gpu(device, temperature != nullptr, [&](const GpuView& gpu) {
    if (temperature->version != kTemperatureV1) return Return::argument_version_mismatch;
    if (temperature->sensor != kSensorGpu) return Return::invalid_argument;
    temperature->celsius = core_c(gpu);
    return Return::success;
  });
}

Return nvmlDeviceGetTemperatureThreshold(Device device, unsigned threshold, unsigned* celsius) {
  constexpr unsigned kThresholds = 8;
  return with_gpu(device, celsius && threshold < kThresholds, [&](const GpuView&) {
    switch (threshold) {
      case kShutdown:
        *celsius = kShutdownC;
        return Return::success;
      case kSlowdown:
        *celsius = kSlowdownC;
        return Return::success;
      case kMemoryMax:
        *celsius = kMemoryMaxC;
        return Return::success;
      case kGpuMax:
        *celsius = kGpuMaxC;
        return Return::success;
      default:
        return Return::not_supported;  // acoustic limits
    }
  });
}

Return nvmlDeviceGetMarginTemperature(Device device, MarginTemperature* margin) {
  return with_gpu(device, margin != nullptr, [&](const GpuView& gpu) {
    if (margin->version != kMarginTemperatureV1) return Return::argument_version_mismatch;
    margin->margin_c = kGpuMaxC - core_c(gpu);
    return Return::success;
  });
}

Return nvmlDeviceGetFanSpeed(Device device, unsigned* percent) {
  return not_supported(device, percent != nullptr);
}

Return nvmlDeviceGetFanSpeed_v2(Device device, unsigned, unsigned*) {
  return not_supported(device, false);  // no fan has that number
}

Return nvmlDeviceGetNumFans(Device device, unsigned* fans) {
  return answer_constant(device, fans, 0U);
}

}  // namespace assay::nvml
