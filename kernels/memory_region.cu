#include <algorithm>

#include "kernels/memory_region.h"

namespace assay::memory {
namespace {

constexpr std::uint64_t kAllocationStep = 2ULL << 20;  // what the driver maps at a time
/// A card that refuses this has nothing left worth sweeping.
constexpr std::uint64_t kSmallestBuffer = 64ULL << 20;

}  // namespace

std::vector<std::unique_ptr<DeviceBuffer>> allocate_region(Gpu& gpu, std::uint64_t reserve_bytes) {
  std::vector<std::unique_ptr<DeviceBuffer>> region;
  std::uint64_t wanted = gpu.memory().free_bytes;
  while (true) {
    const std::uint64_t free = gpu.memory().free_bytes;
    const std::uint64_t usable = free > reserve_bytes ? free - reserve_bytes : 0;
    wanted = std::min(wanted, usable) / kAllocationStep * kAllocationStep;
    if (wanted < (region.empty() ? kAllocationStep : kSmallestBuffer)) return region;
    try {
      region.push_back(gpu.allocate(wanted));
    } catch (const DeviceError& error) {
      if (error.code() != "harness.device_memory") throw;
      if (wanted < 2 * kSmallestBuffer) {
        if (region.empty()) throw;
        return region;
      }
      wanted /= 2;
    }
  }
}

}  // namespace assay::memory
