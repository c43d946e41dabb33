#include "harness/node_sim/thermal_model.h"

#include <algorithm>
#include <cmath>

#include "harness/node_sim/thermal_limits.h"

namespace assay::sim {
namespace {

/// As often as power and temperatures are new (reports/evidence/2026-11-26-h200, refresh.jsonl).
constexpr Nanoseconds kReactsEvery = kSecond / 10;

/// How much of the clock is taken each time, and given back: no figure is published. So the clock of a GPU
/// that is always too hot stays held down, as is reported.
constexpr double kCutStep = 0.05, kGiveBackStep = 0.005, kMostCut = 0.8;

/// What is taken is given back once it is cooler than the maximum by so much.
constexpr double kHysteresisC = 1;

double fast_resistance(const PlantConstants& plant, const GpuDynamic& gpu) {
  return plant.fast_resistance_c_per_w * (1 + gpu.resistance_excess);
}

enum FanStep : std::int32_t { kQuiet, kLoaded, kFull };

double slow_resistance(const PlantConstants& plant, const GpuHeat& heat) {
  const double of_loaded = heat.fans == kQuiet    ? plant.fans.quiet_resistance
                           : heat.fans == kLoaded ? 1
                                                  : plant.fans.full_resistance;
  return plant.slow_resistance_c_per_w * of_loaded;
}

Temperatures at(const PlantConstants& plant, const GpuDynamic& gpu, double rise_c) {
  const double core_c = plant.ambient_c + gpu.inlet_excess_c + rise_c;
  const double memory_load = load_of(gpu.loads, Resource::memory);
  return {core_c, core_c + plant.hbm_offset_c + memory_load * (plant.hbm_extra_c + gpu.hbm_excess_c)};
}

bool is_hot(const Temperatures& now, double below_c) {
  return now.core_c > kGpuMaxC - below_c || now.memory_c > kMemoryMaxC - below_c;
}

bool works(const GpuDynamic& gpu) {
  return std::any_of(gpu.loads.begin(), gpu.loads.end(), [](std::int64_t load) { return load > 0; });
}

/// Whether anything changes by itself before the load does. At rest, once the fans are quiet, they stay so,
/// and what it leaks is of no moment.
bool may_react(const GpuDynamic& gpu, const GpuHeat& heat) {
  return works(gpu) || heat.fans != kQuiet || heat.clock_cut > 0 || heat.overheated != 0;
}

void set_fans(const config::Fans& fans, double core_c, GpuHeat& heat) {
  const double next_c = heat.fans == kQuiet ? fans.loaded_from_c : fans.full_from_c;
  const double last_c = heat.fans == kFull ? fans.full_from_c : fans.loaded_from_c;
  if (heat.fans != kFull && core_c > next_c) {
    ++heat.fans;
  } else if (heat.fans != kQuiet && core_c < last_c - fans.hysteresis_c) {
    --heat.fans;
  }
}

void react(const PlantConstants& plant, const GpuDynamic& gpu, GpuHeat& heat) {
  const Temperatures now = temperatures(plant, gpu, heat);
  if (is_hot(now, 0)) {
    heat.clock_cut = std::min(kMostCut, heat.clock_cut + kCutStep);
  } else if (!is_hot(now, kHysteresisC)) {
    heat.clock_cut = std::max(0.0, heat.clock_cut - kGiveBackStep);
  }
  if (now.core_c >= kSlowdownC) heat.overheated = 1;
  if (now.core_c < kGpuMaxC) heat.overheated = 0;
  heat.leaked = leaked_excess(plant.leakage, now.core_c);
  const Nanoseconds fans_period = nanoseconds_of(plant.fans.period_s);
  if (fans_period == 0 || heat.time - heat.fans_set < fans_period) return;
  set_fans(plant.fans, now.core_c, heat);
  heat.fans_set = heat.time;
}

void pass(const PlantConstants& plant, const GpuDynamic& gpu, GpuHeat& heat, const Governed& governed,
          Nanoseconds until) {
  const double seconds = seconds_of(until - heat.time);
  // A pole moves from where it was towards its steady state by 1 - exp(-t/tau).
  const auto move = [&](double& rise_c, double resistance, double time_constant_s) {
    const double steady_c = governed.power_w * resistance;
    rise_c = steady_c + (rise_c - steady_c) * std::exp(-seconds / time_constant_s);
  };
  move(heat.fast_rise_c, fast_resistance(plant, gpu), plant.fast_time_constant_s);
  move(heat.slow_rise_c, slow_resistance(plant, heat), plant.slow_time_constant_s);
  heat.energy_j += governed.power_w * seconds;
  for (std::size_t i = 0; i < std::size(heat.held_ns); ++i) {
    if (governed.is_held_by(static_cast<HeldBy>(i))) heat.held_ns[i] += until - heat.time;
  }
  heat.time = until;
}

}  // namespace

Temperatures temperatures(const PlantConstants& plant, const GpuDynamic& gpu, const GpuHeat& heat) {
  return at(plant, gpu, heat.fast_rise_c + heat.slow_rise_c);
}

double leaked_excess(const config::Leakage& leakage, double core_c) {
  return leakage.share * (std::exp2((core_c - leakage.at_c) / leakage.doubles_c) - 1);
}

Holds holds_at(const GpuDynamic& gpu, const GpuHeat& heat, Nanoseconds time) {
  Holds holds = holds_on(gpu, heat, time);
  holds.power_excess += heat.leaked;
  return holds;
}

namespace {

struct Passed {
  GpuHeat at_last_tick, now;
};

Passed let_pass(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time) {
  GpuHeat heat = gpu.heat, at_last_tick = gpu.heat;
  while (heat.time < time) {
    const Governed governed = govern(plant, holds_at(gpu, heat, heat.time), gpu.loads);
    const Nanoseconds tick = (heat.time / kReactsEvery + 1) * kReactsEvery;
    Nanoseconds until = time;
    for (const Nanoseconds edge : {gpu.brake_from, gpu.brake_until}) {
      if (heat.time < edge) until = std::min<Nanoseconds>(until, edge);
    }
    const bool looks = may_react(gpu, heat);
    if (looks) until = std::min(until, tick);
    pass(plant, gpu, heat, governed, until);
    if (!looks || until != tick) continue;
    react(plant, gpu, heat);
    at_last_tick = heat;
  }
  return {at_last_tick, heat};
}

}  // namespace

GpuHeat heat_at(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time) {
  return let_pass(plant, gpu, time).now;
}

GpuHeat heat_at_last_tick(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time) {
  return let_pass(plant, gpu, time).at_last_tick;
}

}  // namespace assay::sim
