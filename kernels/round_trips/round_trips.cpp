#include "kernels/round_trips/round_trips.h"

#include "kernels/target.h"

namespace assay::latency {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<HostRoundTrips> make_host_round_trips(Gpu&, Host&, int, std::uint64_t))

std::unique_ptr<HostRoundTrips> make_host_round_trips(Gpu& gpu, Host& host, int numa_node,
                                                      std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_host_round_trips)(gpu, host, numa_node, seed);
}

}  // namespace assay::latency
