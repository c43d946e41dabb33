#include "harness/node_sim/sim_device.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "harness/base/hash.h"
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/links.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/power_steps.h"
#include "harness/node_sim/sim_kernel_log.h"
#include "harness/node_sim/thermal_model.h"

namespace assay::sim {
namespace {

using cuda_emulation::DeviceFailure;

constexpr int kMultiprocessors = 132;
constexpr std::int32_t kDrainAndReset = 4;  // nvmlDeviceGpuRecoveryAction

int index_or_lost(const State& state, int slot) {
  const int index = gpu_index_of_slot(state, slot);
  if (index < 0 || state.dynamic[index].present == 0)
    throw DeviceError(codes::device_lost, "no GPU in slot " + std::to_string(slot),
                      index < 0 ? "" : state.constants[index].pci_address);
  return index;
}

DeviceSpeed speed_of_unit(State& state, int index, const Sharers& sharers) {
  const GpuConstants& unit = state.constants[index];
  DeviceSpeed speed = state.plant.speed.shared_by(sharers);
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const Resource resource = resource_of(static_cast<WorkKind>(kind));
    if (resource == Resource::memory) speed.per_s[kind] *= unit.bandwidth_factor;
    for_each_fault(state, unit.slot, [&](const FaultState& fault, const FaultHooks& hooks) {
      if (hooks.share_of != nullptr) speed.per_s[kind] *= hooks.share_of(fault, static_cast<WorkKind>(kind));
    });
  }
  return speed;
}

/// Those that the calling thread sees.
thread_local std::vector<SimDevice*> shown;

std::vector<BadDatapath> planted_in_sms(State& state, int slot) {
  std::vector<BadDatapath> planted;
  for_each_fault(state, slot, [&](const FaultState& fault, const FaultHooks& hooks) {
    if (hooks.in_sms != nullptr) hooks.in_sms(fault, planted);
  });
  return planted;
}

bool damages_what_goes_by(State& state, int slot) {
  bool damages = false;
  for_each_fault(state, slot,
                 [&](const FaultState&, const FaultHooks& hooks) { damages |= hooks.on_the_way != nullptr; });
  return damages;
}

MemoryFaults planted_memory_faults(State& state, int slot, std::uint64_t words) {
  MemoryFaults planted;
  for_each_fault(state, slot, [&](const FaultState& fault, const FaultHooks& hooks) {
    if (hooks.in_memory != nullptr) hooks.in_memory(fault, words, planted);
  });
  return planted;
}

}  // namespace

SimDevice::SimDevice(const SharedState& state, int slot, Clock& clock, std::uint64_t step_seed,
                     const Sharers& sharers, std::string check, Seat seat)
    : state_(state),
      index_(index_or_lost(*state_, slot)),
      clock_(clock),
      step_seed_(step_seed),
      sharers_(sharers),
      check_(std::move(check)),
      speed_(speed_of_unit(*state_, index_, sharers)),
      memory_(state_),
      cells_(memory_.cells(index_, cell_words())),
      hbm_(cells_, cell_words(), planted_memory_faults(*state_, slot, cell_words()),
           {[this] { return now(); }, [this] { return memory_temperature(); }}),
      in_sms_(planted_in_sms(*state_, slot), step_seed),
      way_is_damaged_(damages_what_goes_by(*state_, slot)),
      fabric_(state_, index_, clock_, seat, speed_, memory_, owed_) {
  {
    const Lock lock(state_->mutex);
    change_contexts(*state_, index_, clock_.now(), getpid(), +1);
  }
  let_pass(state_->plant.speed.context_s);
  cuda_emulation::show_device(*this);
  shown.push_back(this);
}

SimDevice::~SimDevice() {
  settle();
  cuda_emulation::hide_device(*this);
  shown.erase(std::remove(shown.begin(), shown.end(), this), shown.end());
  std::vector<const void*> left;
  for (const auto& [memory, number] : allocations_) left.push_back(memory);
  for (const void* memory : left) release(const_cast<void*>(memory));
  const Lock lock(state_->mutex);
  change_contexts(*state_, index_, clock_.now(), getpid(), -1);
}

double SimDevice::memory_temperature() {
  const Lock lock(state_->mutex);
  return read_plant(*state_, index_, now()).memory_temperature_c;
}

constexpr std::int32_t kCudaOfThisBuild = 13000;

/// What the runtime says of a GPU that fell off the bus.
void SimDevice::require_usable() {
  const Lock lock(state_->mutex);
  if (dynamic().present == 0) throw DeviceFailure{cuda_emulation::cudaErrorUnknown};
  if (state_->cuda_driver_version != 0 && state_->cuda_driver_version < kCudaOfThisBuild)
    throw DeviceFailure{cuda_emulation::cudaErrorInsufficientDriver};
  if (state_->cuda_not_ready != 0) throw DeviceFailure{cuda_emulation::cudaErrorSystemNotReady};
}

int SimDevice::multiprocessors() const {
  const FaultState* const other = find_fault(*state_, "relabelled", constants().slot);
  return other == nullptr ? kMultiprocessors
                          : static_cast<int>(fault_parameter(*other, "multiprocessors", kMultiprocessors));
}

std::uint64_t SimDevice::l2_bytes() const {
  const FaultState* const other = find_fault(*state_, "relabelled", constants().slot);
  const double whole = state_->plant.speed.l2_bytes;
  return static_cast<std::uint64_t>(other == nullptr ? whole
                                                     : fault_parameter(*other, "l2", 0) * kBytesPerMib);
}

/// From an origin of its own, and up to so much too fast or too slow: what crystals are (20 ppm).
std::uint64_t SimDevice::global_timer() {
  constexpr std::uint64_t kMostPpm = 20, kLatestOrigin = 1'000'000 * std::uint64_t{kSecond};
  const std::uint64_t unit = hash_text(static_cast<std::uint64_t>(constants().slot), "global timer");
  const auto now_ns = static_cast<std::uint64_t>(now());
  const std::uint64_t ppm = unit % (2 * kMostPpm + 1);
  return now_ns + now_ns / 1'000'000 * ppm - now_ns / 1'000'000 * kMostPpm - unit % kLatestOrigin;
}

/// At the clock of now, since they were asked for last.
std::uint64_t SimDevice::cycles() {
  const Lock lock(state_->mutex);
  const Nanoseconds time = now();
  const double mhz = read_plant(*state_, index_, time).governed.sm_mhz;
  cycles_ += static_cast<double>(time - std::exchange(counted_up_to_, time)) * mhz * 1e-3;
  return static_cast<std::uint64_t>(cycles_);
}

std::uint64_t SimDevice::schedule_seed() {
  return hash_text(step_seed_ + ++schedules_, "schedule");
}

double SimDevice::noise_of_next_launch(const Work& work) {
  const int kind = static_cast<int>(work.begin() == work.end() ? WorkKind::copy : work.begin()->kind);
  const std::string stream = "launch/" + std::to_string(constants().slot) + "/" + std::to_string(kind);
  return std::max(0.1, 1 + state_->plant.launch_noise * deviate(step_seed_, stream, launches_++));
}

void SimDevice::let_pass(double seconds) {
  const auto time = nanoseconds_of(seconds);
  clock_.sleep_for(time + std::exchange(owed_, 0));
}

void SimDevice::owe(double seconds) {
  owed_ += nanoseconds_of(seconds);
  if (owed_ >= nanoseconds_of(kShort_s)) settle();
}

void SimDevice::settle() {
  if (owed_ > 0) let_pass(0);
}

void SimDevice::count(const Ends& ends) {
  const Lock lock(state_->mutex);
  for (const auto& [end, work] : ends) count_traffic(*state_, end->index_, work);
}

std::vector<Loads> SimDevice::loads_at(const Ends& ends, double seconds) const {
  std::vector<Loads> loads;
  // At a clock that is held down the same work keeps its multiprocessors as busy, for longer.
  for (const auto& [end, work] : ends)
    loads.push_back(loads_of(work, seconds, at(state_->plant.speed, end->clock_shares(work))));
  return loads;
}

void SimDevice::change_loads(const Ends& ends, const std::vector<Loads>& loads, decltype(&add_load) change) {
  for (std::size_t i = 0; i < ends.size(); ++i)
    change(*state_, ends[i].first->index_, clock_.now(), getpid(), loads[i]);
}

SmConditions SimDevice::conditions_under(const Ends& ends, double seconds) {
  const Lock lock(state_->mutex);
  const GpuDynamic& gpu = dynamic();
  const Nanoseconds time = clock_.now();
  const GpuHeat heat = heat_at(state_->plant, gpu, time);
  const Loads loads = beside_sharers(loads_at(ends, seconds).front());
  return {temperatures(state_->plant, gpu, heat).core_c,
          govern(state_->plant, holds_at(gpu, heat, time), loads).power_w, seconds_since_rise(gpu, time),
          load_of(loads, Resource::memory)};
}

cuda_emulation::FaultySms* SimDevice::faulty_sms() {
  return in_sms_.empty() ? nullptr : in_sms_.acting(conditions_);
}

void SimDevice::load_for(double seconds, const Ends& ends, const std::function<void()>& body) {
  count(ends);
  std::vector<Loads> loads;
  {
    const Lock lock(state_->mutex);
    loads = loads_at(ends, seconds);
    change_loads(ends, loads, add_load);
  }
  std::exception_ptr failure;
  if (body) {
    const Nanoseconds begun = clock_.now() + std::exchange(owed_, 0), over = begun + nanoseconds_of(seconds);
    begun_ = begun;
    // Who works with others is waited for: what they see of it must not hang on how long it takes in earnest.
    if (!works_with_others()) clock_.will_sleep_until(over);
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
    }
    begun_.reset();
    clock_.sleep_until(over);
    report_memory_events_of_all();
  } else {
    let_pass(seconds);
  }
  {
    const Lock lock(state_->mutex);
    change_loads(ends, loads, take_load);
  }
  if (failure) std::rethrow_exception(failure);
  for (const auto& [end, work] : ends) end->require_usable();
}

bool SimDevice::works_with_others() const {
  return sharers_[static_cast<std::size_t>(Resource::nvlink_in)] > 0 ||
         sharers_[static_cast<std::size_t>(Resource::nvlink_out)] > 0;
}

void SimDevice::report_memory_events_of_all() {
  for (SimDevice* device : shown) device->report_memory_events();
}

void SimDevice::run(const Ends& ends, const std::function<void()>& body) {
  for (const auto& [end, work] : ends) end->require_usable();
  try {
    body();
  } catch (const DeviceFailure&) {
    report_memory_events_of_all();
    throw;
  }
  report_memory_events_of_all();
}

/// Work with a peer loads a link of either in either direction: who shares what is not told by directions.
void SimDevice::require_declared(const Work& work) const {
  const auto require = [&](Resource resource) {
    if (sharers_[static_cast<std::size_t>(resource)] > 0) return;
    throw std::logic_error(check_ + " works at " + std::string(name_of(resource)) +
                           ", which it does not declare");
  };
  for (const Demand& demand : work) {
    require(resource_of(demand.kind));
    if (!is_with_peer(demand.kind)) continue;
    require(Resource::nvlink_in);
    require(Resource::nvlink_out);
  }
}

void SimDevice::execute(const Work& work, const std::function<void()>& body) {
  require_declared(work);
  for_each_fault(*state_, constants().slot, [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.at_launch != nullptr) hooks.at_launch({*state_, index_, clock_, launches_, fault, check_});
  });
  const Ends ends = ends_of(work);
  const double seconds = seconds_of(work, ends) * noise_of_next_launch(work) + speed_.launch_s;
  if (!in_sms_.empty()) conditions_ = conditions_under(ends, seconds);
  if (seconds >= kShort_s) {
    for (const auto& [end, end_work] : ends) end->require_usable();
    return load_for(seconds, ends, body);
  }
  count(ends);
  run(ends, body);
  owe(seconds);
}

namespace {

/// Of all GPUs that the thread sees: a peer's cells are read through what is planted in them, too, and what
/// goes over a way that changes it arrives changed.
class MemoryOfAll final : public cuda_emulation::FaultyMemory {
 public:
  SimDevice* reader = nullptr;

  Word128 load(const Word128* address) override {
    SimDevice* const device = holder_of(address);
    if (device == nullptr) return *address;
    Word128 value = load_from(*device, address);
    if (device != reader) reader->damage_on_the_way(WorkKind::peer_loads, device, &value, sizeof(value));
    return value;
  }
  void store(Word128* address, Word128 value) override {
    SimDevice* const device = holder_of(address);
    if (device != nullptr && device != reader)
      reader->damage_on_the_way(WorkKind::peer_stores, device, &value, sizeof(value));
    if (device != nullptr) return device->hbm().store(address, value);
    *address = value;
  }
  Word128 load_cached(const Word128* address) override {
    SimDevice* const device = holder_of(address);
    return device == nullptr ? *address : device->hbm().load_cached(address);
  }

 private:
  static SimDevice* holder_of(const Word128* address) {
    const auto found = std::find_if(shown.begin(), shown.end(),
                                    [&](SimDevice* device) { return device->hbm().holds(address); });
    return found == shown.end() ? nullptr : *found;
  }
  /// What the peer could not deliver is a contained error of the reader's (226), not an ECC error.
  Word128 load_from(SimDevice& device, const Word128* address) const {
    try {
      return device.hbm().load(address);
    } catch (const DeviceFailure&) {
      if (&device == reader) throw;
      throw DeviceFailure{cuda_emulation::cudaErrorContained};
    }
  }
};

}  // namespace

cuda_emulation::FaultyMemory* SimDevice::faulty_memory() {
  static thread_local MemoryOfAll all;
  const bool healthy = std::all_of(shown.begin(), shown.end(), [](const SimDevice* device) {
    return device->hbm_.healthy() && !device->way_is_damaged_;
  });
  if (healthy) return nullptr;
  if (shown.size() == 1) return &hbm_;
  all.reader = this;
  return &all;
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
