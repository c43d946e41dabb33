// What a simulated GPU's memory is given out as.
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_device.h"

namespace assay::sim {
namespace {

using cuda_emulation::DeviceFailure;

constexpr std::uint64_t kAllocationUnit = 2 << 20;  // the driver maps memory in pages of 2 MiB
constexpr std::uint64_t kLineWords = 8;             // 128 bytes: no two allocations share a line of the cache
constexpr std::uint64_t kLineBytes = kLineWords * sizeof(Word128);

}  // namespace

std::uint64_t SimDevice::capacity() const {
  return static_cast<std::uint64_t>(constants().memory_bytes) -
         static_cast<std::uint64_t>(state_->plant.speed.reserved_bytes);
}

DeviceMemory SimDevice::memory() {
  const Lock lock(state_->mutex);
  const auto used = static_cast<std::uint64_t>(dynamic().memory_used_bytes);
  return {static_cast<std::uint64_t>(constants().memory_bytes), used < capacity() ? capacity() - used : 0};
}

/// The lowest address where `bytes` fit between what workers of ours hold. Caller holds state.mutex.
std::uint64_t SimDevice::place(std::uint64_t bytes) const {
  std::vector<DeviceAllocation> held;
  for (const DeviceAllocation& allocation : state_->dynamic[index_].allocations) {
    if (allocation.pid != 0) held.push_back(allocation);
  }
  std::sort(held.begin(), held.end(),
            [](const DeviceAllocation& a, const DeviceAllocation& b) { return a.begin < b.begin; });
  std::uint64_t begin = 0;
  for (const DeviceAllocation& allocation : held) {
    if (allocation.begin - begin >= bytes) break;
    begin = allocation.end;
  }
  return begin;
}

/// The beginning of a line.
std::uint64_t SimDevice::cell_at(std::uint64_t byte) const {
  const double share = static_cast<double>(byte) / static_cast<double>(constants().memory_bytes);
  return static_cast<std::uint64_t>(share * static_cast<double>(cell_words())) / kLineWords * kLineWords;
}

cuda_emulation::Allocation SimDevice::allocate(std::uint64_t bytes) {
  const std::uint64_t size = (bytes + kAllocationUnit - 1) / kAllocationUnit * kAllocationUnit;
  const std::uint64_t free = memory().free_bytes;
  let_pass(static_cast<double>(bytes) / state_->plant.speed.allocated_bytes_per_s);
  const Lock lock(state_->mutex);
  auto* const first = dynamic().allocations;
  auto* const entry = std::find_if(first, first + kMaxAllocations,
                                   [](const DeviceAllocation& allocation) { return allocation.pid == 0; });
  const std::uint64_t begin = place(size);
  if (size > free || begin + size > capacity() || entry == first + kMaxAllocations)
    throw DeviceFailure{cuda_emulation::cudaErrorMemoryAllocation, false};
  const auto number = static_cast<int>(entry - first);
  const std::uint64_t first_cell = cell_at(begin), end_cell = cell_at(begin + size);
  // What is left of the last line is kept: a size that no line divides stays one.
  const std::uint64_t missing = (kLineBytes - bytes % kLineBytes) % kLineBytes;
  cuda_emulation::Allocation made;
  if (bytes <= kLargestWhole) {
    made = {memory_.whole(index_, number, bytes), bytes};
  } else if (end_cell == first_cell) {  // too little for a line of the cells
    made = {memory_.whole(index_, number, kLargestWhole), kLargestWhole - missing};
  } else {
    made = {cells_ + first_cell, (end_cell - first_cell) * sizeof(Word128) - missing};
  }
  *entry = {getpid(), begin, begin + size};
  allocations_[made.memory] = number;
  change_memory(*state_, index_, getpid(), static_cast<std::int64_t>(size));
  return made;
}

void SimDevice::release(void* memory) {
  const auto found = allocations_.find(memory);
  std::uint64_t bytes = 0;
  {
    const Lock lock(state_->mutex);
    DeviceAllocation& entry = dynamic().allocations[found->second];
    bytes = entry.end - entry.begin;
    change_memory(*state_, index_, getpid(), -static_cast<std::int64_t>(bytes));
    entry = {};
  }
  allocations_.erase(found);
  let_pass(static_cast<double>(bytes) / state_->plant.speed.released_bytes_per_s);
}

}  // namespace assay::sim
