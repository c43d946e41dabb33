#include "harness/node_sim/sim_device.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "harness/base/hash.h"
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

using cuda_emulation::DeviceFailure;

constexpr double kPeakBytesPerSecond = 4.8e12;  // H200 datasheet
constexpr int kMultiprocessors = 132;
constexpr std::uint64_t kAllocationUnit = 2 << 20;  // the driver maps memory in pages of 2 MiB
constexpr std::uint64_t kLineWords = 8;             // 128 bytes: no two allocations share a line of the cache
constexpr std::uint64_t kLineBytes = kLineWords * sizeof(Word128);
constexpr std::int32_t kDrainAndReset = 4;  // nvmlDeviceGpuRecoveryAction

int index_or_lost(const State& state, int slot) {
  const int index = gpu_index_of_slot(state, slot);
  if (index < 0 || state.dynamic[index].present == 0)
    throw DeviceError(codes::device_lost, "no GPU in slot " + std::to_string(slot),
                      index < 0 ? "" : state.constants[index].pci_address);
  return index;
}

/// Only of the memory a share can be lacking.
DeviceSpeed speed_of_unit(State& state, int index, int contenders) {
  const GpuConstants& unit = state.constants[index];
  double memory_share = unit.bandwidth_factor;
  for_each_fault(state, unit.slot, [&](const FaultState& fault, const FaultHooks& hooks) {
    if (hooks.bandwidth != nullptr) memory_share *= hooks.bandwidth(fault);
  });
  DeviceSpeed speed = state.plant.speed;
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const bool of_memory = resource_of(static_cast<WorkKind>(kind)) == Resource::memory;
    speed.per_s[kind] *= (of_memory ? memory_share : 1) / contenders;
  }
  return speed;
}

/// What work that takes so long uses meanwhile.
Loads loads_of(const Work& work, double seconds, const DeviceSpeed& whole) {
  Loads loads{};
  for (const Demand& demand : work) {
    const Resource resource = resource_of(demand.kind);
    const double most = resource == Resource::memory ? kPeakBytesPerSecond : whole.rate(demand.kind);
    loads[static_cast<std::size_t>(resource)] +=
        static_cast<std::int64_t>(std::clamp(demand.amount / seconds / most, 0.0, 1.0) * 1e6);
  }
  return loads;
}

/// The same at the other end: what one sends, the other receives.
Work of_peer(const Work& work) {
  Work mirrored;
  for (const Demand& demand : work) {
    if (demand.kind == WorkKind::to_peer) mirrored.add(WorkKind::from_peer, demand.amount);
    if (demand.kind == WorkKind::from_peer) mirrored.add(WorkKind::to_peer, demand.amount);
  }
  return mirrored;
}

/// Those that the calling thread sees.
thread_local std::vector<SimDevice*> shown;

MemoryFaults planted_memory_faults(State& state, int slot, std::uint64_t words) {
  MemoryFaults planted;
  for_each_fault(state, slot, [&](const FaultState& fault, const FaultHooks& hooks) {
    if (hooks.in_memory != nullptr) hooks.in_memory(fault, words, planted);
  });
  return planted;
}

}  // namespace

SimDevice::SimDevice(const SharedState& state, int slot, Clock& clock, std::uint64_t step_seed,
                     int contenders, std::string check)
    : state_(state),
      index_(index_or_lost(*state_, slot)),
      clock_(clock),
      step_seed_(step_seed),
      check_(std::move(check)),
      speed_(speed_of_unit(*state_, index_, contenders)),
      memory_(state_),
      cells_(memory_.cells(index_, cell_words())),
      hbm_(cells_, cell_words(), planted_memory_faults(*state_, slot, cell_words())) {
  {
    const Lock lock(state_->mutex);
    change_contexts(*state_, index_, clock_.now(), getpid(), +1);
  }
  let_pass(state_->plant.speed.context_s);
  cuda_emulation::show_device(*this);
  shown.push_back(this);
}

SimDevice::~SimDevice() {
  cuda_emulation::hide_device(*this);
  shown.erase(std::remove(shown.begin(), shown.end(), this), shown.end());
  std::vector<const void*> left;
  for (const auto& [memory, number] : allocations_) left.push_back(memory);
  for (const void* memory : left) release(const_cast<void*>(memory));
  const Lock lock(state_->mutex);
  change_contexts(*state_, index_, clock_.now(), getpid(), -1);
}

/// What the runtime says of a GPU that fell off the bus.
void SimDevice::require_usable() {
  const Lock lock(state_->mutex);
  if (dynamic().present == 0) throw DeviceFailure{cuda_emulation::cudaErrorUnknown};
}

int SimDevice::multiprocessors() const {
  return kMultiprocessors;
}

std::uint64_t SimDevice::l2_bytes() const {
  return static_cast<std::uint64_t>(state_->plant.speed.l2_bytes);
}

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

std::uint64_t SimDevice::schedule_seed() {
  return hash_text(step_seed_ + ++schedules_, "schedule");
}

double SimDevice::launch_seconds(const Work& work) {
  const int kind = static_cast<int>(work.begin() == work.end() ? WorkKind::copy : work.begin()->kind);
  const std::string stream = "launch/" + std::to_string(constants().slot) + "/" + std::to_string(kind);
  const double noise = 1 + state_->plant.launch_noise * deviate(step_seed_, stream, launches_++);
  return speed_.seconds_of_demands(work) * std::max(0.1, noise) + speed_.launch_s;
}

double SimDevice::active_nvlinks() const {
  const auto& links = state_->dynamic[index_].nvlinks;
  return static_cast<double>(
      std::count_if(std::begin(links), std::end(links), [](const Nvlink& link) { return link.active != 0; }));
}

/// Links that are down are missing; without any, peers reach one another through the host.
double SimDevice::transfer_seconds(const Work& work) const {
  DeviceSpeed speed = speed_;
  for (const WorkKind kind : {WorkKind::from_peer, WorkKind::to_peer}) {
    const double through_host = speed.rate(WorkKind::host_to_device);
    double& rate = speed.per_s[static_cast<std::size_t>(kind)];
    rate = std::max(rate * active_nvlinks() / kNvlinks, through_host);
  }
  return speed.transfer_s + speed.seconds_of_demands(work);
}

void SimDevice::let_pass(double seconds) {
  const auto time = static_cast<Nanoseconds>(std::llround(seconds * static_cast<double>(kSecond)));
  clock_.sleep_for(time + std::exchange(owed_, 0));
}

/// Every link that is up carries the same. Caller holds state.mutex.
void SimDevice::count_traffic(const Work& work, SimDevice* peer) {
  GpuDynamic& gpu = dynamic();
  gpu.pcie_received_bytes += static_cast<std::int64_t>(work.amount(Resource::pcie_in));
  gpu.pcie_sent_bytes += static_cast<std::int64_t>(work.amount(Resource::pcie_out));
  const double active = active_nvlinks();
  for (Nvlink& link : gpu.nvlinks) {
    if (link.active == 0) continue;
    link.received_bytes += static_cast<std::int64_t>(work.amount(Resource::nvlink_in) / active);
    link.sent_bytes += static_cast<std::int64_t>(work.amount(Resource::nvlink_out) / active);
  }
  if (peer != nullptr) peer->count_traffic(of_peer(work), nullptr);
}

void SimDevice::load_for(double seconds, const Work& work, SimDevice* peer) {
  const Loads mine = loads_of(work, seconds, state_->plant.speed);
  const Loads its = loads_of(of_peer(work), seconds, state_->plant.speed);
  {
    const Lock lock(state_->mutex);
    add_load(*state_, index_, clock_.now(), getpid(), mine);
    if (peer != nullptr) add_load(*state_, peer->index_, clock_.now(), getpid(), its);
  }
  let_pass(seconds);
  const Lock lock(state_->mutex);
  take_load(*state_, index_, clock_.now(), getpid(), mine);
  if (peer != nullptr) take_load(*state_, peer->index_, clock_.now(), getpid(), its);
  count_traffic(work, peer);
}

void SimDevice::execute(const Work& work, const std::function<void()>& body) {
  for_each_fault(*state_, constants().slot, [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.at_launch != nullptr) hooks.at_launch({*state_, index_, clock_, launches_, fault, check_});
  });
  require_usable();
  const auto report = [] {
    for (SimDevice* device : shown) device->report_memory_events();
  };
  try {
    body();
  } catch (const DeviceFailure&) {
    report();
    throw;
  }
  report();
  load_for(launch_seconds(work), work);
  require_usable();
}

void SimDevice::transfer(const Work& work, cuda_emulation::Device* peer, const std::function<void()>& body) {
  body();
  auto* const other = dynamic_cast<SimDevice*>(peer);
  const double seconds = transfer_seconds(work);
  constexpr double kShort = 50e-6;
  if (seconds >= kShort) return load_for(seconds, work, other);
  owed_ += static_cast<Nanoseconds>(std::llround(seconds * static_cast<double>(kSecond)));
  const Lock lock(state_->mutex);
  count_traffic(work, other);
}

namespace {

/// Of all GPUs that the thread sees: a peer's cells are read through what is planted in them, too.
class MemoryOfAll final : public cuda_emulation::FaultyMemory {
 public:
  Word128 load(const Word128* address) override {
    for (SimDevice* device : shown) {
      if (device->hbm().holds(address)) return device->hbm().load(address);
    }
    return *address;
  }
  void store(Word128* address, Word128 value) override { *address = value; }
};

}  // namespace

cuda_emulation::FaultyMemory* SimDevice::faulty_memory() {
  static MemoryOfAll all;
  const bool healthy =
      std::all_of(shown.begin(), shown.end(), [](const SimDevice* device) { return device->hbm_.healthy(); });
  if (healthy) return nullptr;
  return shown.size() == 1 ? static_cast<cuda_emulation::FaultyMemory*>(&hbm_) : &all;
}

void SimDevice::report_memory_events() {
  const auto corrected = static_cast<std::int64_t>(hbm_.corrected() - reported_corrected_);
  const bool uncorrected = hbm_.uncorrected() > reported_uncorrected_;
  if (corrected == 0 && !uncorrected) return;
  reported_corrected_ = hbm_.corrected();
  reported_uncorrected_ = hbm_.uncorrected();
  const Lock lock(state_->mutex);
  dynamic().ecc_corrected_dram += corrected;
  dynamic().ecc_corrected_dram_aggregate += corrected;
  if (uncorrected) report_uncorrected();
}

/// What the driver does after a contained uncorrectable error: NVIDIA, GPU memory error management. Caller
/// holds state.mutex.
void SimDevice::report_uncorrected() {
  GpuDynamic& gpu = dynamic();
  ++gpu.ecc_uncorrected_dram;
  ++gpu.ecc_uncorrected_dram_aggregate;
  ++gpu.remapped_uncorrected;
  gpu.remap_pending = 1;
  log_xid(*state_, index_, 63, false, "Row Remapper: New row marked for remapping, reset gpu to activate.");
  log_xid(*state_, index_, 94, true, "Contained: SM (0x1). RST: No, D-RST: No");
  if (gpu.recovery_action == kDrainAndReset) return;
  log_xid(*state_, index_, 154, false,
          "GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)");
  gpu.recovery_action = kDrainAndReset;
}

}  // namespace assay::sim
