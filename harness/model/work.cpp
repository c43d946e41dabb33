#include "harness/model/work.h"

#include <algorithm>

namespace assay {

double DeviceSpeed::seconds(const Work& work) const {
  return launch_s + (work.bytes_read + work.bytes_written) / bytes_per_s[static_cast<std::size_t>(work.kind)];
}

double DeviceSpeed::seconds_to_hold(double bytes) const {
  return bytes / allocated_bytes_per_s + bytes / released_bytes_per_s;
}

double DeviceSpeed::free_bytes() const {
  return std::min(memory_bytes - reserved_bytes, memory_share * memory_bytes);
}

DeviceSpeed DeviceSpeed::shared_by(std::size_t bodies, double share) const {
  DeviceSpeed mine = *this;
  mine.memory_share = share;
  for (double& rate : mine.bytes_per_s) rate /= static_cast<double>(bodies);
  return mine;
}

}  // namespace assay
