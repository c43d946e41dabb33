#include "harness/node_sim/plant.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "harness/base/hash.h"
#include "harness/node_sim/power_steps.h"
#include "harness/node_sim/thermal_model.h"

namespace assay::sim {
namespace {

constexpr double kPi = 3.14159265358979323846;

double unit_interval(std::uint64_t bits) {
  return (static_cast<double>(bits >> 11) + 0.5) * 0x1.0p-53;
}

/// Closes the interval since heat.time; what follows starts from here.
void settle(State& state, int gpu, Nanoseconds time) {
  GpuDynamic& d = state.dynamic[gpu];
  d.heat = heat_at(state.plant, d, time);
}

/// A killed process is listed until the driver has taken everything back from it: with 139 GiB that took
/// 0.12 to 0.18 s on H200s, driver 580.159 (reports/evidence, killed.jsonl). Its memory is free at once here:
/// nobody asks for it in that time.
constexpr Nanoseconds kTakingBack = kSecond / 1000 * 180;

GpuProcess* find_process(GpuDynamic& gpu, std::int32_t pid) {
  for (GpuProcess& process : gpu.processes) {
    if (process.pid == pid && process.listed_until == 0) return &process;
  }
  return nullptr;
}

GpuProcess* find_room(GpuDynamic& gpu, Nanoseconds time) {
  for (GpuProcess& process : gpu.processes) {
    if (!is_listed(process, time)) return &process;
  }
  return nullptr;
}

}  // namespace

bool is_listed(const GpuProcess& process, Nanoseconds time) {
  return process.pid != 0 && (process.listed_until == 0 || time < process.listed_until);
}

void keep_heat(State& state, int gpu, Nanoseconds time) {
  GpuDynamic& d = state.dynamic[gpu];
  d.heat = heat_at_last_tick(state.plant, d, time);
}

PlantReading read_plant(const State& state, int gpu, Nanoseconds time) {
  const GpuDynamic& d = state.dynamic[gpu];
  const PlantConstants& p = state.plant;
  const GpuHeat heat = heat_at(p, d, time);
  const Temperatures now = temperatures(p, d, heat);
  PlantReading reading{};
  reading.governed = govern(p, holds_at(d, heat, time), d.loads);
  reading.temperature_c = now.core_c;
  reading.memory_temperature_c = now.memory_c;
  reading.memory_mhz = p.memory_mhz;
  reading.energy_j = heat.energy_j;
  std::copy(std::begin(heat.held_ns), std::end(heat.held_ns), reading.held_ns.begin());
  const auto load = [&](Resource resource) { return load_of(d.loads, resource); };
  const double memory = load(Resource::memory);
  const bool kernels = memory > 0 || load(Resource::tensor_cores) > 0 || load(Resource::cores) > 0;
  reading.utilisation = kernels ? 1 : d.foreign_utilisation;
  reading.memory_utilisation = memory;
  reading.pcie_received_bytes_per_s = load(Resource::pcie_in) * p.speed.rate(WorkKind::host_to_device);
  reading.pcie_sent_bytes_per_s = load(Resource::pcie_out) * p.speed.rate(WorkKind::device_to_host);
  return reading;
}

void add_load(State& state, int gpu, Nanoseconds time, std::int32_t pid, const Loads& by_ppm) {
  settle(state, gpu, time);
  GpuDynamic& d = state.dynamic[gpu];
  GpuProcess* const process = find_process(d, pid);
  for (std::size_t i = 0; i < by_ppm.size(); ++i) {
    d.loads[i] += by_ppm[i];
    if (process != nullptr) process->loads[i] += by_ppm[i];
  }
  note_loads(state, gpu, time);
}

void take_load(State& state, int gpu, Nanoseconds time, std::int32_t pid, const Loads& by_ppm) {
  Loads taken = by_ppm;
  for (std::int64_t& ppm : taken) ppm = -ppm;
  add_load(state, gpu, time, pid, taken);
}

void change_contexts(State& state, int gpu, Nanoseconds time, std::int32_t pid, int by) {
  settle(state, gpu, time);
  GpuDynamic& d = state.dynamic[gpu];
  d.contexts = std::max(0, d.contexts + by);
  if (d.contexts == 0) forget_rest(d);
  GpuProcess* process = find_process(d, pid);
  if (process == nullptr && by > 0) {
    process = find_room(d, time);
    if (process == nullptr) return;  // where the list is full it is not shown
    *process = {};
    process->pid = pid;
  }
  if (process == nullptr) return;
  process->contexts += by;
  if (process->contexts <= 0) *process = {};
}

void change_memory(State& state, int gpu, std::int32_t pid, std::int64_t bytes) {
  GpuDynamic& d = state.dynamic[gpu];
  d.memory_used_bytes += bytes;
  if (GpuProcess* process = find_process(d, pid)) process->memory_bytes += bytes;
}

void release_process(State& state, Nanoseconds time, std::int32_t pid) {
  for (int gpu = 0; gpu < state.gpu_count; ++gpu) {
    GpuDynamic& d = state.dynamic[gpu];
    std::uint64_t allocated = 0;
    for (DeviceAllocation& allocation : d.allocations) {
      if (allocation.pid != pid) continue;
      allocated += allocation.end - allocation.begin;
      allocation = {};
    }
    const GpuProcess* process = find_process(d, pid);
    if (process == nullptr || process->contexts == 0) {  // the list of processes was full
      d.memory_used_bytes -= static_cast<std::int64_t>(allocated);
      continue;
    }
    d.memory_used_bytes -= process->memory_bytes;
    take_load(state, gpu, time, pid, process->loads);
    change_contexts(state, gpu, time, pid, -process->contexts);
  }
}

void release_own_processes(State& state, Nanoseconds time) {
  std::vector<std::pair<GpuProcess*, GpuProcess>> killed;
  for (int gpu = 0; gpu < state.gpu_count; ++gpu) {
    for (GpuProcess& process : state.dynamic[gpu].processes) {
      if (process.contexts != 0) killed.emplace_back(&process, process);
    }
  }
  for (const auto& [entry, was] : killed) release_process(state, time, was.pid);
  for (const auto& [entry, was] : killed) *entry = {was.pid, 0, was.memory_bytes, {}, time + kTakingBack};
}

double deviate(std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  const std::uint64_t first = mix(hash_text(seed, stream) ^ mix(index));
  const double u1 = unit_interval(first);
  const double u2 = unit_interval(mix(first));
  return std::sqrt(-2 * std::log(u1)) * std::cos(2 * kPi * u2);  // Box and Muller
}

}  // namespace assay::sim
