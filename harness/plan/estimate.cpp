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

}  // namespace assay
