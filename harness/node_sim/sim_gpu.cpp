#include "harness/node_sim/sim_gpu.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/base/hash.h"
#include "harness/node_sim/launch_faults.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

constexpr std::uint64_t kReservedBytes = 615ULL
                                         << 20;  // what the driver and a context hold back on an idle H200
constexpr double kPeakBytesPerSecond = 4.8e12;   // H200 datasheet
constexpr int kMultiprocessors = 132;
constexpr std::uint64_t kL2Bytes = 60ULL << 20;     // as the CUDA runtime reports it for an H200
constexpr std::uint64_t kAllocationUnit = 2 << 20;  // the driver maps memory in pages of 2 MiB
constexpr std::int32_t kDrainAndReset = 4;          // nvmlDeviceGpuRecoveryAction

int index_or_lost(const State& state, int slot) {
  const int index = gpu_index_of_slot(state, slot);
  if (index < 0) throw DeviceError("device.lost", "no GPU in slot " + std::to_string(slot));
  return index;
}

double planted_slowdown(const State& state, int slot) {
  const FaultState* fault = find_fault(state, "hbm_slow", slot);
  return fault == nullptr ? 1 : std::clamp(fault_parameter(*fault, "factor", 0.8), 0.01, 1.0);
}

}  // namespace

class SimGpu::Buffer final : public DeviceBuffer {
 public:
  Buffer(SimGpu& gpu, std::uint64_t bytes, Range range)
      : gpu_(gpu),
        bytes_(bytes),
        range_(range),
        cells_(gpu.memory_, gpu.cell_at(range.begin), gpu.cell_at(range.end) - gpu.cell_at(range.begin)) {}
  ~Buffer() override { gpu_.release(range_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::uint64_t bytes() const override { return bytes_; }
  void* device_pointer() const override { return nullptr; }
  Cells* cells() override { return &cells_; }

 private:
  SimGpu& gpu_;
  std::uint64_t bytes_;
  Range range_;
  MemoryWindow cells_;
};

SimGpu::SimGpu(SharedState state, int slot, Clock& clock, std::uint64_t step_seed)
    : state_(std::move(state)),
      index_(index_or_lost(*state_, slot)),
      slot_(slot),
      clock_(clock),
      step_seed_(step_seed),
      slowdown_(planted_slowdown(*state_, slot)),
      memory_(static_cast<std::uint64_t>(constants().cell_words),
              planted_memory_faults(*state_, slot, static_cast<std::uint64_t>(constants().cell_words))) {
  require_present();
  const Lock lock(state_->mutex);
  change_contexts(*state_, index_, clock_.now(), getpid(), +1);
}

SimGpu::~SimGpu() {
  const Lock lock(state_->mutex);
  change_contexts(*state_, index_, clock_.now(), getpid(), -1);
}

void SimGpu::require_present() {
  const Lock lock(state_->mutex);
  if (dynamic().present == 0)
    throw DeviceError("device.lost", "the GPU in slot " + std::to_string(slot_) + " is lost",
                      constants().pci_address);
}

std::uint64_t SimGpu::capacity() const {
  return static_cast<std::uint64_t>(constants().memory_bytes) - kReservedBytes;
}

DeviceMemory SimGpu::memory() {
  const Lock lock(state_->mutex);
  const auto used = static_cast<std::uint64_t>(dynamic().memory_used_bytes);
  return {static_cast<std::uint64_t>(constants().memory_bytes), used < capacity() ? capacity() - used : 0};
}

/// The lowest address where `bytes` fit between what this worker holds.
std::uint64_t SimGpu::place(std::uint64_t bytes) const {
  std::uint64_t begin = 0;
  for (const Range& range : ranges_) {
    if (range.begin - begin >= bytes) break;
    begin = range.end;
  }
  return begin;
}

std::uint64_t SimGpu::cell_at(std::uint64_t byte) const {
  const double share = static_cast<double>(byte) / static_cast<double>(constants().memory_bytes);
  return static_cast<std::uint64_t>(share * static_cast<double>(memory_.words()));
}

std::unique_ptr<DeviceBuffer> SimGpu::allocate(std::uint64_t bytes) {
  require_present();
  const std::uint64_t size = (bytes + kAllocationUnit - 1) / kAllocationUnit * kAllocationUnit;
  const std::uint64_t begin = place(size);
  if (size > memory().free_bytes || begin + size > capacity()) {
    throw DeviceError("harness.device_memory",
                      "no room for " + std::to_string(bytes) + " bytes of device memory");
  }
  const Range range{begin, begin + size};
  const auto after =
      std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.begin > begin; });
  ranges_.insert(after, range);
  const Lock lock(state_->mutex);
  change_memory(*state_, index_, getpid(), static_cast<std::int64_t>(size));
  return std::make_unique<Buffer>(*this, bytes, range);
}

void SimGpu::release(const Range& range) {
  ranges_.erase(
      std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.begin == range.begin; }));
  const Lock lock(state_->mutex);
  change_memory(*state_, index_, getpid(), -static_cast<std::int64_t>(range.end - range.begin));
}

int SimGpu::multiprocessors() const {
  return kMultiprocessors;
}

std::uint64_t SimGpu::l2_bytes() const {
  return kL2Bytes;
}

std::uint64_t SimGpu::shuffle_seed() {
  return hash_text(step_seed_ + ++shuffles_, "shuffle");
}

double SimGpu::launch_seconds(const Work& work) {
  const std::string stream =
      "launch/" + std::to_string(slot_) + "/" + std::to_string(static_cast<int>(work.kind));
  const PlantConstants& plant = state_->plant;
  const double noise = 1 + plant.launch_noise * deviate(step_seed_, stream, launches_++);
  const double rate = sustained_gb_per_s(*state_, index_, work.kind) * 1e9 * slowdown_;
  return (work.bytes_read + work.bytes_written) / rate * std::max(0.1, noise) + plant.launch_overhead_s;
}

double SimGpu::execute(const Work& work, const std::function<void()>& body) {
  try {
    return launch(work, body);
  } catch (const DeviceError& error) {
    throw DeviceError(error.code(), error.what(), constants().pci_address);
  }
}

double SimGpu::launch(const Work& work, const std::function<void()>& body) {
  require_present();
  act_at_launch(*state_, index_, clock_, launches_);
  require_present();
  try {
    body();
  } catch (const DeviceError&) {
    report_memory_events();
    throw;
  }
  report_memory_events();
  const double seconds = launch_seconds(work);
  const auto duration = static_cast<Nanoseconds>(std::llround(seconds * static_cast<double>(kSecond)));
  const double load = (work.bytes_read + work.bytes_written) / seconds / kPeakBytesPerSecond;
  {
    const Lock lock(state_->mutex);
    set_load(*state_, index_, clock_.now(), std::clamp(load, 0.0, 1.0));
  }
  clock_.sleep_for(duration);
  {
    const Lock lock(state_->mutex);
    set_load(*state_, index_, clock_.now(), 0);
  }
  require_present();
  return seconds;
}

void SimGpu::report_memory_events() {
  const auto corrected = static_cast<std::int64_t>(memory_.corrected() - reported_corrected_);
  const bool uncorrected = memory_.uncorrected() > reported_uncorrected_;
  if (corrected == 0 && !uncorrected) return;
  reported_corrected_ = memory_.corrected();
  reported_uncorrected_ = memory_.uncorrected();
  const Lock lock(state_->mutex);
  dynamic().ecc_corrected_dram += corrected;
  dynamic().ecc_corrected_dram_aggregate += corrected;
  if (uncorrected) report_uncorrected();
}

/// What the driver does after a contained uncorrectable error: NVIDIA, GPU memory error management. Caller
/// holds state.mutex.
void SimGpu::report_uncorrected() {
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
