// Framebuffer and BAR1.
#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

constexpr unsigned long long kMebibyte = 1ULL << 20;
constexpr unsigned long long kBar1 = 262144 * kMebibyte;
constexpr unsigned long long kBar1Used = 1'703'936;
constexpr unsigned kBusWidthBits = 6016;  // what an H200 says, of six HBM3e stacks of 1024

MemoryV2 memory_of(const GpuView& gpu) {
  MemoryV2 memory{};
  memory.version = kMemoryV2;
  memory.total = static_cast<unsigned long long>(gpu.constants.memory_bytes);
  memory.reserved =
      std::min(static_cast<unsigned long long>(gpu.state.plant.speed.reserved_bytes), memory.total);
  memory.used = std::min(static_cast<unsigned long long>(gpu.dynamic.memory_used_bytes),
                         memory.total - memory.reserved);
  memory.free = memory.total - memory.reserved - memory.used;
  return memory;
}

}  // namespace

Return nvmlDeviceGetMemoryInfo(Device device, Memory* memory) {
  return with_gpu(device, memory != nullptr, [&](const GpuView& gpu) {
    const MemoryV2 now = memory_of(gpu);
    *memory = {now.total, now.free, now.used + now.reserved};
    return Return::success;
  });
}

Return nvmlDeviceGetMemoryInfo_v2(Device device, MemoryV2* memory) {
  constexpr unsigned kBareNumber = 2;  // nvtop's way of asking
  return with_gpu(device, memory != nullptr, [&](const GpuView& gpu) {
    if (memory->version != kMemoryV2 && memory->version != kBareNumber) {
      return Return::argument_version_mismatch;
    }
    const unsigned version = memory->version;
    *memory = memory_of(gpu);
    memory->version = version;
    return Return::success;
  });
}

Return nvmlDeviceGetBAR1MemoryInfo(Device device, Bar1Memory* memory) {
  return with_gpu(device, memory != nullptr, [&](const GpuView&) {
    *memory = {kBar1, kBar1 - kBar1Used, kBar1Used};
    return Return::success;
  });
}

Return nvmlDeviceGetMemoryBusWidth(Device device, unsigned* bits) {
  return answer_constant(device, bits, kBusWidthBits);
}

}  // namespace assay::nvml
