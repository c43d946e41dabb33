// Which algorithm NCCL chose for each call: as NCCL tells the profiler's plugin that this program is
// (nccl_profiler_abi.h), so that it is read, never assumed. Of workers that run with
// NCCL_PROFILER_PLUGIN=STATIC_PLUGIN.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay {

struct NcclChoice {
  std::string function;             // "AllReduce"
  std::string algorithm, protocol;  // "RING", "LL128"
  int channels = 0;
};

/// Those of this process' rank with this number since the last time, in the order of the calls. Sends and
/// receives have no algorithm.
std::vector<NcclChoice> take_nccl_choices(int rank);

}  // namespace assay
