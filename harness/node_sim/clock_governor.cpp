#include "harness/node_sim/clock_governor.h"

#include <algorithm>

namespace assay::sim {
namespace {

/// Below this share of the full clock the multiprocessors ask for less than the memory delivers. Assumed: a
/// sweep held to 1440 MHz kept its bandwidth (reports/evidence/2026-11-26-h200).
constexpr double kMemoryNeedsShare = 0.5;

double memory_share(double clock_share) {
  return std::min(1.0, clock_share / kMemoryNeedsShare);
}

/// "Clocks reduced by a factor of 2 or more" (nvml.h, nvmlClocksEventReasonHwSlowdown).
constexpr double kHardwareSlowdownShare = 0.5;

/// Power of what works at the clock, by the clock: the voltage follows it. An H200 under bf16 products draws
/// 573 W more than at rest at 1710 MHz, and 127 W at 1125 MHz at seven eighths of the load, with the memory
/// copied beside it: an exponent of 3.3 (reports/evidence/2026-11-26-h200-2, tensor-power*.jsonl).
double clocked_power(double share) {
  return share * share * share;
}

double tensor_draw(const Loads& loads) {
  return std::max(0.0, static_cast<double>(loads[kTensorDraw]) * 1e-6);
}

/// At rest, and how much more than others' its work draws.
struct Draw {
  double base_w, excess;
};

double power_at(double sm_mhz, const PlantConstants& plant, const Draw& draw, const Loads& loads) {
  const double share = sm_mhz / plant.boost_sm_mhz;
  const double over_context_w = plant.speed.power.tensor_cores_w - plant.speed.power.context_w;
  const double tensor_w = over_context_w / clocked_power(plant.tensor_full_mhz / plant.boost_sm_mhz);
  return draw.base_w +
         load_of(loads, Resource::memory) * (plant.speed.power.memory_w - plant.speed.power.context_w) *
             memory_share(share) +
         (1 + draw.excess) *
             (tensor_draw(loads) * tensor_w +
              load_of(loads, Resource::cores) * (plant.speed.power.cores_w - plant.speed.power.context_w)) *
             clocked_power(share);
}

/// The highest clock up to `most_mhz` that draws no more than that.
double clock_under(double limit_w, double most_mhz, const PlantConstants& plant, const Draw& draw,
                   const Loads& loads) {
  double low = std::min(plant.idle_sm_mhz, most_mhz);
  double high = most_mhz;
  constexpr int kHalvings = 40;  // to less than a hertz
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (power_at(middle, plant, draw, loads) <= limit_w ? low : high) = middle;
  }
  return low;
}

}  // namespace

double load_of(const Loads& loads, Resource resource) {
  return std::clamp(static_cast<double>(loads[static_cast<std::size_t>(resource)]) * 1e-6, 0.0, 1.0);
}

double share_at(WorkKind kind, double sm_mhz, const PlantConstants& plant) {
  const double share = sm_mhz / plant.boost_sm_mhz;
  switch (resource_of(kind)) {
    case Resource::tensor_cores:
    case Resource::cores:
    case Resource::l2:
      return share;
    case Resource::memory:
      return memory_share(share);
    case Resource::nvlink_in:
    case Resource::nvlink_out:
      // By kernels, not by the copy engines.
      return kind == WorkKind::from_peer || kind == WorkKind::to_peer ? 1 : memory_share(share);
    default:
      return 1;
  }
}

Holds holds_on(const GpuDynamic& gpu, const GpuHeat& heat, Nanoseconds time) {
  Holds holds{gpu.contexts > 0, gpu.power_limit_mw * 1e-3};
  holds.clock_cut = heat.clock_cut;
  holds.overheated = heat.overheated != 0;
  holds.braked = gpu.brake_from <= time && time < gpu.brake_until;
  holds.held_mhz = gpu.clock_held_mhz;
  holds.power_excess = gpu.power_excess;
  if (!holds.in_use) holds.idle_excess_w = gpu.idle_excess_w;
  return holds;
}

Governed govern(const PlantConstants& plant, const Holds& holds, const Loads& loads) {
  const Draw draw{holds.in_use ? plant.speed.power.context_w : plant.speed.power.idle_w + holds.idle_excess_w,
                  holds.power_excess};
  double most_mhz = holds.in_use ? plant.boost_sm_mhz : plant.idle_sm_mhz;
  const auto hold_to = [&](double mhz) { most_mhz = std::min(most_mhz, mhz); };
  hold_to(plant.boost_sm_mhz * (1 - holds.clock_cut));
  if (holds.overheated) hold_to(plant.boost_sm_mhz * kHardwareSlowdownShare);
  if (holds.braked) hold_to(plant.idle_sm_mhz);
  if (holds.held_mhz > 0) hold_to(holds.held_mhz);

  Governed governed{};
  const auto held_by = [&](HeldBy what) -> bool& { return governed.held[static_cast<std::size_t>(what)]; };
  held_by(HeldBy::software_thermal) = holds.clock_cut > 0;
  held_by(HeldBy::hardware_thermal) = holds.overheated;
  held_by(HeldBy::power_brake) = holds.braked;
  governed.sm_mhz = most_mhz;
  governed.power_w = power_at(most_mhz, plant, draw, loads);
  if (governed.power_w > holds.power_limit_w) {
    held_by(HeldBy::power_cap) = true;
    governed.sm_mhz = clock_under(holds.power_limit_w, most_mhz, plant, draw, loads);
    governed.power_w = std::max(holds.power_limit_w, power_at(governed.sm_mhz, plant, draw, loads));
  }
  return governed;
}

}  // namespace assay::sim
