#include "kernels/memory_region.h"

#include <string_view>
#include <utility>

namespace assay::memory {
namespace {

constexpr std::uint64_t kAllocationStep = 2ULL << 20;  // what the driver maps at a time
/// A card that refuses this has nothing left worth sweeping.
constexpr std::uint64_t kSmallestBuffer = 64ULL << 20;

bool is_refusal(const DeviceError& error) {
  return error.code() == codes::device_memory;
}

std::unique_ptr<DeviceBuffer> try_allocate(Gpu& gpu, std::uint64_t bytes) {
  try {
    return gpu.allocate(bytes);
  } catch (const DeviceError& error) {
    if (!is_refusal(error)) throw;
    return nullptr;
  }
}

/// The largest buffer of at most `wanted` bytes that the device gives; null where it refuses all worth
/// having. Every buffer of the region costs a launch of its own with its ramp and tail, so the search is to
/// the step.
std::unique_ptr<DeviceBuffer> allocate_largest(Gpu& gpu, std::uint64_t wanted) {
  if (auto buffer = try_allocate(gpu, wanted)) return buffer;
  std::uint64_t given = 0, refused = wanted;
  while (refused - given > kSmallestBuffer) {
    const std::uint64_t bytes = given + (refused - given) / 2 / kAllocationStep * kAllocationStep;
    const bool granted = try_allocate(gpu, bytes) != nullptr;
    (granted ? given : refused) = bytes;
  }
  return given == 0 ? nullptr : try_allocate(gpu, given);
}

}  // namespace

std::vector<std::unique_ptr<DeviceBuffer>> allocate_region(Gpu& gpu, std::uint64_t reserve_bytes) {
  std::vector<std::unique_ptr<DeviceBuffer>> region;
  for (;;) {
    const std::uint64_t free = gpu.memory().free_bytes;
    const std::uint64_t wanted =
        (free > reserve_bytes ? free - reserve_bytes : 0) / kAllocationStep * kAllocationStep;
    if (wanted < (region.empty() ? kAllocationStep : kSmallestBuffer)) return region;
    auto buffer = allocate_largest(gpu, wanted);
    if (buffer == nullptr && region.empty()) region.push_back(gpu.allocate(wanted));  // says why not
    if (buffer == nullptr) return region;
    region.push_back(std::move(buffer));
  }
}

}  // namespace assay::memory
