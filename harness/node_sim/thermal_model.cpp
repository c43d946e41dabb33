#include "harness/node_sim/thermal_model.h"

#include <algorithm>
#include <cmath>

namespace assay::sim {

double seconds_since(Nanoseconds start, Nanoseconds time) {
  return std::max(0.0, static_cast<double>(time - start) / static_cast<double>(kSecond));
}

TemperatureRise rise_at(const PlantConstants& plant, const GpuDynamic& gpu, Nanoseconds time) {
  const double elapsed = seconds_since(gpu.heat_time, time);
  // A pole moves from where it was towards its steady state by 1 - exp(-t/tau).
  const auto pole = [&](double start, double resistance, double time_constant) {
    const double steady = gpu.power_w * resistance;
    return steady + (start - steady) * std::exp(-elapsed / time_constant);
  };
  return {pole(gpu.fast_rise_c, plant.fast_resistance_c_per_w, plant.fast_time_constant_s),
          pole(gpu.slow_rise_c, plant.slow_resistance_c_per_w, plant.slow_time_constant_s)};
}

}  // namespace assay::sim
