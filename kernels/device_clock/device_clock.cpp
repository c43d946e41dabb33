#include "kernels/device_clock/device_clock.h"

#include <algorithm>

#include "kernels/target.h"

namespace assay::device_clock {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<DeviceClock> make_device_clock(Gpu& gpu, std::size_t most_stamps))

std::unique_ptr<DeviceClock> make_device_clock(Gpu& gpu, std::size_t most_stamps) {
  return ASSAY_OF_TARGET(gpu, make_device_clock)(gpu, most_stamps);
}

Offset measure_offset(DeviceClock& device, Clock& host, std::size_t number, int tries) {
  Offset closest{0, 0, kForever};
  for (int i = 0; i < tries; ++i) {
    const Nanoseconds before = host.now();
    device.stamp(nullptr, number);
    device.wait(nullptr);
    const Nanoseconds after = host.now();
    const std::uint64_t stamp = device.stamps().at(number).global_ns;
    const Nanoseconds middle = before + (after - before) / 2;
    const Nanoseconds error_ns = (after - before + 1) / 2;
    if (error_ns >= closest.error_ns) continue;
    closest = {middle, middle - static_cast<Nanoseconds>(stamp), error_ns};
  }
  return closest;
}

Nanoseconds ToHostTime::operator()(std::uint64_t global_ns) const {
  const Nanoseconds near = static_cast<Nanoseconds>(global_ns) + before_.ns;
  if (after_.at <= before_.at) return near;
  const double share = static_cast<double>(near - before_.at) / static_cast<double>(after_.at - before_.at);
  return near +
         static_cast<Nanoseconds>(std::clamp(share, 0.0, 1.0) * static_cast<double>(after_.ns - before_.ns));
}

Nanoseconds ToHostTime::error_ns() const {
  return std::max(before_.error_ns, after_.error_ns);
}

}  // namespace assay::device_clock
