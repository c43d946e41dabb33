// NCCL's profiler plugin, version 5 of its interface: how a process learns which algorithm NCCL chose for
// each call. With NCCL_PROFILER_PLUGIN=STATIC_PLUGIN, NCCL looks for the symbol ncclProfiler_v5 in the
// program itself (plugin_open.cc of NCCL 2.28.9). Layouts: src/include/plugin/profiler/profiler_v5.h there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/node/nccl_abi.h"

namespace assay::nccl::profiler {

/// Kinds of events, as bits of the mask.
inline constexpr std::uint64_t kCollective = 1 << 1, kPointToPoint = 1 << 2;

/// ncclProfilerEventDescr_v5_t of a collective, or of a send or receive.
struct Descriptor {
  std::uint64_t type;
  void* parent;
  int rank;
  struct Collective {
    std::uint64_t sequence;
    const char* function;  // "AllReduce"
    const void* send;
    void* receive;
    std::size_t count;
    int root;
    const char* type;  // "ncclFloat32"
    std::uint8_t channels, warps;
    const char* algorithm;  // "RING", "TREE", "NVLS"
    const char* protocol;   // "LL", "LL128", "SIMPLE"
    void* parent_group;
  } collective;
};
static_assert(offsetof(Descriptor, collective) + offsetof(Descriptor::Collective, channels) == 80 &&
              sizeof(Descriptor) == 112);

using Log = void (*)(int level, unsigned long flags, const char* file, int line, const char* format, ...);

/// ncclProfiler_v5_t.
struct Plugin {
  const char* name;
  Result (*init)(void** context, std::uint64_t comm, int* mask, const char* comm_name, int nodes, int ranks,
                 int rank, Log log);
  /// As the call is enqueued, by the thread that calls.
  Result (*start)(void* context, void** event, Descriptor* descriptor);
  Result (*stop)(void* event);
  Result (*record)(void* event, int state, void* arguments);
  Result (*finalize)(void* context);
};

}  // namespace assay::nccl::profiler
