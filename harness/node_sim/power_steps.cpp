#include "harness/node_sim/power_steps.h"

#include <algorithm>
#include <cmath>

#include "harness/node_sim/thermal_model.h"

namespace assay::sim {
namespace {

/// What lies between two launches is no rest.
constexpr Nanoseconds kLeastRest = 2 * kMillisecond;

/// Swings are the same frequency's while their periods differ by less.
constexpr double kLikePeriod = 0.2;

/// A supply's regulation rings up over some swings.
constexpr std::int32_t kSwingsToSag = 4;

bool is_at_work(const GpuDynamic& gpu) {
  return std::any_of(gpu.loads.begin(), gpu.loads.end(), [](std::int64_t ppm) { return ppm > 0; });
}

bool rested_enough(const GpuDynamic& gpu, Nanoseconds time) {
  return gpu.steps.idle_since != 0 && time - gpu.steps.idle_since >= kLeastRest;
}

bool swings_within(const SaggingSupply& supply, const PowerSteps& steps) {
  const double period_s = seconds_of(steps.period_ns);
  return steps.alike >= kSwingsToSag && supply.shortest_s <= period_s && period_s <= supply.longest_s;
}

/// One GPU alone is too little for a supply to sag: half of the node's are enough.
void sag(State& state, Nanoseconds time) {
  const int swinging = static_cast<int>(
      std::count_if(state.dynamic, state.dynamic + state.gpu_count,
                    [&](const GpuDynamic& gpu) { return swings_within(state.supply, gpu.steps); }));
  if (2 * swinging < state.gpu_count) return;
  for (int i = 0; i < state.gpu_count; ++i) {
    GpuDynamic& gpu = state.dynamic[i];
    gpu.heat = heat_at(state.plant, gpu, time);  // what it was braked for before, too
    if (gpu.brake_until < time) gpu.brake_from = time;
    gpu.brake_until = std::max<std::int64_t>(gpu.brake_until, time + nanoseconds_of(state.supply.brake_s));
  }
}

void rise(PowerSteps& steps, Nanoseconds time) {
  const Nanoseconds period = time - steps.risen;  // of the first, since the context's first load
  const double ratio =
      steps.period_ns > 0 ? static_cast<double>(period) / static_cast<double>(steps.period_ns) : 0;
  steps.alike = std::abs(ratio - 1) < kLikePeriod ? steps.alike + 1 : 0;
  steps.period_ns = period;
  steps.rested_ns = time - steps.idle_since;
  steps.risen = time;
}

}  // namespace

void note_loads(State& state, int gpu, Nanoseconds time) {
  GpuDynamic& d = state.dynamic[gpu];
  if (!is_at_work(d)) {
    if (d.steps.idle_since == 0) d.steps.idle_since = time;
    return;
  }
  if (rested_enough(d, time)) {
    rise(d.steps, time);
    if (state.supply.longest_s > 0) sag(state, time);
  } else if (d.steps.risen == 0) {
    d.steps.risen = time;  // the first load of a context
  }
  d.steps.idle_since = 0;
}

void forget_rest(GpuDynamic& gpu) {
  gpu.steps = {};
}

double seconds_since_rise(const GpuDynamic& gpu, Nanoseconds time) {
  if (gpu.steps.risen == 0 || rested_enough(gpu, time)) return 0;  // what begins now is the rise
  return seconds_of(time - gpu.steps.risen);
}

}  // namespace assay::sim
