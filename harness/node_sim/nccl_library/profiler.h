// A profiler's plugin in the program itself (NCCL_PROFILER_PLUGIN=STATIC_PLUGIN), told of each call as NCCL
// does (plugin/profiler.cc).
#pragma once

#include <cstdint>

#include "harness/node/nccl_profiler_abi.h"
#include "harness/node_sim/nccl_library/meeting.h"

namespace assay::nccl {

class Profiler {
 public:
  Profiler() = default;
  /// Finds the plugin; none where the program has none.
  void begin(std::uint64_t comm, int nodes, int ranks, int rank);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  void tell(const Post& post, int rank);

 private:
  const profiler::Plugin* plugin_ = nullptr;
  void* context_ = nullptr;
  int mask_ = 0;
};

}  // namespace assay::nccl
