// Work that is launched on a device, and how long it takes there: what a plan's estimates are made of, and
// what a simulated GPU turns into time.
#pragma once

#include <array>
#include <cstddef>

namespace assay {

/// Which of a device's rates work runs at.
enum class WorkKind { read, write, copy, triad, sweep, sweep_halves };
inline constexpr std::size_t kWorkKinds = 6;

/// What a launch asks of a device. A real one needs no telling.
struct Work {
  double bytes_read = 0;     // of device memory, nominal
  double bytes_written = 0;  // of device memory, nominal
  WorkKind kind = WorkKind::copy;
};

/// How fast a device is, and what surrounds its work (configs/speeds/).
struct DeviceSpeed {
  std::array<double, kWorkKinds> bytes_per_s{};  // read plus written, by kind
  double launch_s = 0;                           // of each launch, whatever it does
  double worker_s = 0;                           // from the start of a process to its first call
  double context_s = 0;
  double allocated_bytes_per_s = 0, released_bytes_per_s = 0;
  double memory_bytes = 0;
  double reserved_bytes = 0;  // that the driver and a context hold back
  double l2_bytes = 0;

  double memory_share = 1;  // of the memory, that may be allocated

  double free_bytes() const;
  /// Of one launch.
  double seconds(const Work& work) const;
  /// To allocate so much, and to give it back.
  double seconds_to_hold(double bytes) const;
  /// For one of so many that work at the same time, with its share of the memory.
  DeviceSpeed shared_by(std::size_t bodies, double memory_share) const;
};

}  // namespace assay
