// Processes on a GPU. A simulated node runs compute only.
#include <cmath>

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

constexpr unsigned kNoInstance = 0xffffffff;  // MIG is off

void fill(const sim::GpuProcess& process, ProcessInfoV1& info) {
  info = {static_cast<unsigned>(process.pid), static_cast<unsigned long long>(process.memory_bytes)};
}

void fill(const sim::GpuProcess& process, ProcessInfo& info) {
  info = {static_cast<unsigned>(process.pid), static_cast<unsigned long long>(process.memory_bytes),
          kNoInstance, kNoInstance};
}

/// `*count` holds the room, then the number. Too little room is an error that tells how much it takes.
template <typename Info>
Return list(Device device, unsigned* count, Info* infos, const char* function = __builtin_FUNCTION()) {
  const auto fill_in = [&](const GpuView& gpu) {
    const unsigned room = *count;
    unsigned found = 0;
    for (const sim::GpuProcess& process : gpu.dynamic.processes) {
      if (!sim::is_listed(process, gpu.now)) continue;
      if (found < room) fill(process, infos[found]);
      ++found;
    }
    *count = found;
    return found > room ? Return::insufficient_size : Return::success;
  };
  return with_gpu(device, count && (infos || *count == 0), fill_in, function);
}

Return none(Device device, unsigned* count, const char* function = __builtin_FUNCTION()) {
  const auto fill_in = [&](const GpuView&) {
    *count = 0;
    return Return::success;
  };
  return with_gpu(device, count != nullptr, fill_in, function);
}

}  // namespace

Return nvmlDeviceGetComputeRunningProcesses(Device device, unsigned* count, ProcessInfoV1* infos) {
  return list(device, count, infos);
}
Return nvmlDeviceGetComputeRunningProcesses_v2(Device device, unsigned* count, ProcessInfo* infos) {
  return list(device, count, infos);
}
Return nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned* count, ProcessInfo* infos) {
  return list(device, count, infos);
}

Return nvmlDeviceGetGraphicsRunningProcesses(Device device, unsigned* count, ProcessInfoV1*) {
  return none(device, count);
}
Return nvmlDeviceGetGraphicsRunningProcesses_v2(Device device, unsigned* count, ProcessInfo*) {
  return none(device, count);
}
Return nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned* count, ProcessInfo*) {
  return none(device, count);
}

Return nvmlDeviceGetMPSComputeRunningProcesses(Device device, unsigned* count, ProcessInfoV1*) {
  return none(device, count);
}
Return nvmlDeviceGetMPSComputeRunningProcesses_v2(Device device, unsigned* count, ProcessInfo*) {
  return none(device, count);
}
Return nvmlDeviceGetMPSComputeRunningProcesses_v3(Device device, unsigned* count, ProcessInfo*) {
  return none(device, count);
}

/// One sample of each process, as of now: with one process on a GPU its share is the GPU's.
Return nvmlDeviceGetProcessUtilization(Device device, ProcessUtilization* samples, unsigned* count,
                                       unsigned long long last_seen_us) {
  constexpr Nanoseconds kMicrosecond = 1000;
  constexpr double kPercent = 100;
  return with_gpu(device, count && (samples || *count == 0), [&](const GpuView& gpu) {
    const auto now_us = static_cast<unsigned long long>(gpu.now / kMicrosecond);
    if (now_us <= last_seen_us) {
      *count = 0;
      return Return::not_found;
    }
    const sim::PlantReading plant = gpu.plant();
    const unsigned room = *count;
    unsigned found = 0;
    for (const sim::GpuProcess& process : gpu.dynamic.processes) {
      if (!sim::is_listed(process, gpu.now)) continue;
      if (found < room) {
        samples[found] = {static_cast<unsigned>(process.pid),
                          now_us,
                          static_cast<unsigned>(std::lround(plant.utilisation * kPercent)),
                          static_cast<unsigned>(std::lround(plant.memory_utilisation * kPercent)),
                          0,
                          0};
      }
      ++found;
    }
    *count = found;
    if (found == 0) return Return::not_found;
    return found > room ? Return::insufficient_size : Return::success;
  });
}

}  // namespace assay::nvml
