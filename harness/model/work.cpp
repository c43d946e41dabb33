#include "harness/model/work.h"

namespace assay {

double DeviceSpeed::seconds(const Work& work) const {
  return launch_s + (work.bytes_read + work.bytes_written) / bytes_per_s[static_cast<std::size_t>(work.kind)];
}

double DeviceSpeed::seconds_to_hold(double bytes) const {
  return bytes / allocated_bytes_per_s + bytes / released_bytes_per_s;
}

DeviceSpeed DeviceSpeed::shared_by(std::size_t bodies) const {
  DeviceSpeed mine = *this;
  for (double& rate : mine.bytes_per_s) rate /= static_cast<double>(bodies);
  return mine;
}

}  // namespace assay
