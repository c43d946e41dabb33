// Which algorithm and protocol a call is done by: what is legal in one node of up to eight Hopper GPUs, and
// among ranks of which each is a node of its own (NCCL_HOSTID) over sockets, what the environment leaves of
// it, and what NCCL chooses there (2.27.7 on eight H200s: stas00/ml-engineering).
#pragma once

#include <cstdint>
#include <optional>

#include "harness/node_sim/nccl_library/elements.h"
#include "harness/node_sim/nccl_library/settings.h"

namespace assay::nccl {

struct Choice {
  Algorithm algorithm;
  Protocol protocol;
  int channels;
};

/// Of what the call is about.
struct Asked {
  Function function;
  DataType type;
  Reduction reduction;
  std::uint64_t bytes;  // all of it, as bus bandwidth counts
};

struct Surroundings {
  int nodes;       // that NCCL takes the ranks to be on
  bool multicast;  // it has set up the switches' multicast
};

/// Nothing: no algorithm is left, which NCCL takes for invalid usage.
std::optional<Choice> choose(const Settings& settings, const Asked& asked, const Surroundings& at);

}  // namespace assay::nccl
