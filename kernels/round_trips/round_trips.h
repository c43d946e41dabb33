// How long a GPU waits for the host's memory: loads by one thread, each once the one before has been
// answered, and copies that are as small as a flag.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/node/gpu.h"
#include "harness/node/host.h"

namespace assay::latency {

inline constexpr int kCopiesInASample = 8;

class HostRoundTrips {
 public:
  virtual ~HostRoundTrips() = default;
  /// Seconds of one load, over so many.
  virtual double load(int loads) = 0;
  /// Device seconds of a copy of 64 bytes, of kCopiesInASample one after the other: the first waits for the
  /// host, which has not asked for it when the time begins.
  virtual double copy_to_device() = 0;
  virtual double copy_to_host() = 0;
  /// Of all words that were loaded or copied so far, those that were not what lies there.
  virtual std::uint64_t wrong_words() const = 0;
};

/// With host memory of this NUMA node. Throws DeviceError, and what Host::allocate() does.
std::unique_ptr<HostRoundTrips> make_host_round_trips(Gpu& gpu, Host& host, int numa_node,
                                                      std::uint64_t seed);

}  // namespace assay::latency
