// What can be set on a GPU. This library only tells: nothing is set through it.
#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {

Return nvmlDeviceGetPersistenceMode(Device device, unsigned* mode) {
  return answer(device, mode, [](const GpuView& gpu) { return gpu.dynamic.persistence_enabled; });
}

Return nvmlDeviceGetComputeMode(Device device, unsigned* mode) {
  return answer(device, mode, [](const GpuView& gpu) { return gpu.dynamic.compute_mode; });
}

Return nvmlDeviceGetMigMode(Device device, unsigned* current, unsigned* pending) {
  return answer_if(pending != nullptr, device, current, [&](const GpuView& gpu) {
    return *pending = static_cast<unsigned>(gpu.dynamic.mig_enabled);
  });
}

Return nvmlDeviceGetMaxMigDeviceCount(Device device, unsigned* count) {
  constexpr unsigned kHopperInstances = 7;
  return answer_constant(device, count, kHopperInstances);
}

Return nvmlDeviceIsMigDeviceHandle(Device device, unsigned* is_mig) {
  return answer_constant(device, is_mig, 0U);
}

Return nvmlDeviceGetEccMode(Device device, unsigned* current, unsigned* pending) {
  return answer_if(pending != nullptr, device, current, [&](const GpuView& gpu) {
    *pending = static_cast<unsigned>(gpu.dynamic.ecc_enabled != gpu.dynamic.ecc_changes_with_reset);
    return gpu.dynamic.ecc_enabled;
  });
}

Return nvmlDeviceGetDefaultEccMode(Device device, unsigned* mode) {
  return answer_constant(device, mode, 1U);
}

Return nvmlDeviceGetDisplayMode(Device device, unsigned* mode) {
  return answer_constant(device, mode, 0U);
}

Return nvmlDeviceGetDisplayActive(Device device, unsigned* active) {
  return answer_constant(device, active, 0U);
}

Return nvmlDeviceGetDriverModel(Device device, unsigned* current, unsigned* pending) {
  return not_supported(device, current != nullptr && pending != nullptr);
}

Return nvmlDeviceGetVirtualizationMode(Device device, unsigned* mode) {
  return answer_constant(device, mode, 0U);  // bare metal
}

Return nvmlDeviceGetC2cModeInfoV(Device device, C2cModeInfo* info) {
  return with_gpu(device, info != nullptr, [&](const GpuView&) {
    info->enabled = 0;  // a Hopper answers, and says off
    return Return::success;
  });
}

}  // namespace assay::nvml
