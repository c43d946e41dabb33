// How fast a collective is: repeated, each repetition timed on the device and looked through.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "suites/collective/session.h"

namespace assay::collective {

struct Timed {
  std::vector<double> seconds;  // device time, by repetition
  double bus_bytes = 0;         // of one repetition, as bus bandwidth counts them
};

/// `bytes`: of the larger buffer, which is done in what is there of it. The first repetition, which sets up
/// what NCCL puts off until then, is left out. `wrong`: told of each repetition that
/// is not right, how many elements, and words around them. Throws DeviceError.
Timed time_collective(Session& session, RankData& data, nccl::Collective collective, std::uint64_t bytes,
                      std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                      const std::function<void(std::uint64_t elements)>& wrong);

/// Of each repetition, what is less.
void keep_least(std::vector<double>& seconds, const std::vector<double>& of_another_rank);

/// Of a collective over so many bytes, how many count: nccl-tests, PERFORMANCE.md.
double bus_bytes(nccl::Collective collective, double bytes, int ranks);

}  // namespace assay::collective
