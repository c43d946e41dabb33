// How fast a collective is: repeated, each repetition timed on the device and looked through.
#pragma once

#include <cstdint>
#include <vector>

#include "suites/collective/session.h"

namespace assay::collective {

struct Timed {
  std::vector<double> seconds;  // device time, by repetition
  std::uint64_t wrong = 0;      // elements, and words around them, of all repetitions
  double bus_bytes = 0;         // of one repetition, as bus bandwidth counts them
};

/// `bytes`: of the larger buffer, which is done in what is there of it. The first repetition, which sets up
/// what NCCL puts off until then, is left out. Throws DeviceError.
Timed time_collective(Session& session, RankData& data, nccl::Collective collective, std::uint64_t bytes,
                      std::uint64_t bytes_there, int repetitions, std::uint64_t seed);

/// Of each repetition, what is less.
void keep_least(std::vector<double>& seconds, const std::vector<double>& of_another_rank);

/// Of a collective over so many bytes, how many count: nccl-tests, PERFORMANCE.md.
double bus_bytes(nccl::Collective collective, double bytes, int ranks);

}  // namespace assay::collective
