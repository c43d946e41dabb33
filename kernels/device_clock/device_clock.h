// When a GPU's stream comes to a point, by the GPU's own clock, and what that is by the host's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"

namespace assay::device_clock {

struct Stamp {
  std::uint64_t global_ns;  // %globaltimer
  std::uint64_t cycles;     // %clock64 of the multiprocessor below
  std::uint64_t sm;
};

class DeviceClock {
 public:
  virtual ~DeviceClock() = default;
  /// When the stream (a cudaStream_t) comes to this point, it keeps the time under this number, below what it
  /// was made for. Throws DeviceError.
  virtual void stamp(void* stream, std::size_t number) = 0;
  /// Until the stream has done all that is in it. Throws DeviceError.
  virtual void wait(void* stream) = 0;
  /// All of them, by number; of those that the stream has not come to, nothing is said.
  virtual std::vector<Stamp> stamps() = 0;
};

/// Of the current device. Throws DeviceError.
std::unique_ptr<DeviceClock> make_device_clock(Gpu& gpu, std::size_t most_stamps);

/// The host's clock less the device's, at some moment of it.
struct Offset {
  Nanoseconds at;  // by the host's clock
  Nanoseconds ns;
  Nanoseconds error_ns;  // at most so far off
};
/// The host notes the time, has a stamp made, waits for it, and notes the time again: the stamp was made in
/// between. Of so many tries the closest. `number`: of the stamps, one that it may use. Throws DeviceError.
Offset measure_offset(DeviceClock& device, Clock& host, std::size_t number, int tries);

/// What the device said, by the host's clock, between two measurements of its offset: on a straight line from
/// one to the other.
class ToHostTime {
 public:
  ToHostTime(const Offset& before, const Offset& after) : before_(before), after_(after) {}
  Nanoseconds operator()(std::uint64_t global_ns) const;
  /// At most so far off.
  Nanoseconds error_ns() const;

 private:
  Offset before_, after_;
};

}  // namespace assay::device_clock
