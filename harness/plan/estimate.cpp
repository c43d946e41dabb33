#include "harness/plan/estimate.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "harness/model/shared_gpus.h"
#include "harness/registry.h"

namespace assay {

double estimate_of(const Placement& placement, const DeviceSpeed& speed) {
  std::size_t devices = 0;
  for (const Participant& participant : placement.participants)
    devices = std::max(devices, participant.devices.size());
  double longest_s = 0;
  for (const Body& body : placement.bodies) {
    const Check* check = find_check(body.check);
    if (check == nullptr) throw std::logic_error("no check named " + body.check);
    DeviceSpeed mine = speed.shared_by(body.sharers);
    mine.memory_share = body.memory_share;
    mine.ranks_of_a_gpu = ranks_of_a_gpu(placement);
    mine.devices = static_cast<int>(std::max<std::size_t>(1, devices));
    const double work_s =
        check->device_seconds == nullptr ? body.duration_s : check->device_seconds(mine, body.duration_s);
    longest_s = std::max(longest_s, work_s);
  }
  return speed.worker_s + static_cast<double>(devices) * speed.context_s + longest_s;
}

namespace {

/// With one part of it at full load.
double full_power(Resource resource, const DevicePower& power) {
  switch (resource) {
    case Resource::tensor_cores:
      return power.tensor_cores_w;
    case Resource::cores:
      return power.cores_w;
    case Resource::memory:
      return power.memory_w;
    default:
      return power.context_w;
  }
}

/// Of each of its GPUs. Of several parts at work the hungriest says how much: together they soon reach the
/// limit, and none is all of the time at its full load.
double power_of(const Placement& placement, const DevicePower& power) {
  double most_w = power.context_w;
  for (const Body& body : placement.bodies) {
    const Check* const check = find_check(body.check);
    if (check == nullptr) continue;
    for (const Resource resource : check->loads)
      most_w = std::max(most_w,
                        power.context_w + check->at_work * (full_power(resource, power) - power.context_w));
  }
  return std::min(most_w, power.limit_w);
}

}  // namespace

double energy_of(const std::vector<Placement>& placements, int gpus, double seconds,
                 const DevicePower& power) {
  double all_w = 0;
  int at_work = 0;
  for (const Placement& placement : placements) {
    const int mine = static_cast<int>(gpus_of(placement).size());
    all_w += mine * power_of(placement, power);
    at_work += mine;
  }
  return (all_w + std::max(0, gpus - at_work) * power.idle_w) * seconds;
}

}  // namespace assay
