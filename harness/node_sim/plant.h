// The plant: how a simulated GPU's power, heat and clocks follow its load. State is advanced exactly, by the
// closed form of its two thermal poles, so that when it is looked at does not change what it becomes.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/node_sim/state.h"

namespace assay::sim {

/// What the sensors of one GPU say at `time`.
struct PlantReading {
  double power_w, temperature_c, memory_temperature_c, sm_mhz, memory_mhz, energy_j;
  double utilisation, memory_utilisation;  // 0 to 1
};

PlantReading read_plant(const State& state, int gpu, Nanoseconds time);  // caller holds state.mutex

/// From `time` on, the GPU works at this share of its memory's peak bandwidth. Caller holds state.mutex.
void set_load(State& state, int gpu, Nanoseconds time, double memory_load);

/// A context was made (+1) or destroyed (-1) on the GPU. Caller holds state.mutex.
void change_contexts(State& state, int gpu, Nanoseconds time, int by);

/// The process that used the GPU is gone, and with it its contexts, its load and its memory; foreign
/// processes stay. What the driver does on a real node. Caller holds state.mutex.
void release_gpu(State& state, int gpu, Nanoseconds time);

/// GB/s that this unit sustains for a kind of work ("read", "write", "copy", "triad", "sweep"), before noise.
double sustained_gb_per_s(const State& state, int gpu, std::string_view kind);

/// Standard normal deviate that is a function of its arguments alone.
double deviate(std::uint64_t seed, std::string_view stream, std::uint64_t index);

/// 64-bit hash of a text: streams of noise are named, not numbered.
std::uint64_t hash_text(std::uint64_t seed, std::string_view text);

}  // namespace assay::sim
