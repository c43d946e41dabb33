// The plant: how a simulated GPU's power, heat (thermal_model.h) and clocks follow its load.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "harness/node_sim/clock_governor.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// What the sensors of one GPU say at `time`.
struct PlantReading {
  Governed governed;
  double temperature_c, memory_temperature_c, memory_mhz, energy_j;
  std::array<Nanoseconds, kHeldBy> held_ns;  // by HeldBy
  double utilisation, memory_utilisation;    // 0 to 1
  double pcie_received_bytes_per_s, pcie_sent_bytes_per_s;
};

PlantReading read_plant(const State& state, int gpu, Nanoseconds time);  // caller holds state.mutex

/// Keeps what the GPU's heat was at the last tick before, so that who looks often does not work it out anew
/// each time. Caller holds state.mutex. `time`: not ahead of the clock, as what has work of its own to make
/// up for may be: others may change the load until then.
void keep_heat(State& state, int gpu, Nanoseconds time);

/// From `time` on, the process's work uses so much more, or less. Loads add up. Caller holds state.mutex.
void add_load(State& state, int gpu, Nanoseconds time, std::int32_t pid, const Loads& by_ppm);
void take_load(State& state, int gpu, Nanoseconds time, std::int32_t pid, const Loads& by_ppm);

/// Whether the driver shows it.
bool is_listed(const GpuProcess& process, Nanoseconds time);

/// The process made a context on the GPU (+1) or destroyed one (-1): the driver lists it from its first to
/// its last. Caller holds state.mutex, as for the next three.
void change_contexts(State& state, int gpu, Nanoseconds time, std::int32_t pid, int by);
/// It allocated memory of the GPU, or gave it back.
void change_memory(State& state, int gpu, std::int32_t pid, std::int64_t bytes);

/// The process is gone, and with it its contexts, its load and its memory on all GPUs: what the driver does
/// on a real node.
void release_process(State& state, Nanoseconds time, std::int32_t pid);
/// All of ours were killed at this moment. They are listed for a while yet. Foreign processes stay.
void release_own_processes(State& state, Nanoseconds time);

/// Standard normal deviate that is a function of its arguments alone.
double deviate(std::uint64_t seed, std::string_view stream, std::uint64_t index);

}  // namespace assay::sim
