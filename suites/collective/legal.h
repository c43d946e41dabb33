// What NCCL can do on one node of Hopper GPUs, and with ranks of which each is a node of its own to it, kept
// apart from what is planned from it.
//
// Sources, all of NCCL 2.28.9-1: types and operators of each collective: src/device/generate.py (on sm_90 all
// types have all operators); algorithms and protocols of each: src/graph/tuning.cc,
// src/enqueue.cc:topoGetAlgoInfo, whose Tree is all_reduce's alone and whose PAT and CollNet need more nodes
// than one; what the switches add up: src/include/device.h:ncclNvlsSupported; sends and receives have none:
// src/enqueue.cc:scheduleP2pTasksToPlan; what can be in place: the user guide, "In-place operations". Of a
// node a rank: src/init.cc (a host's hash is NCCL_HOSTID's, and no GPU may be twice on a host),
// src/graph/paths.cc and src/transport/shm.cc (peers' memory and the host's are taken within a host alone:
// what is left is the network), src/graph/tuning.cc (PAT where each node has one GPU; the protocol LL128
// between nodes by NVLink alone, a check which naming it skips: it is not to be named there),
// src/transport/nvls.cc (the switches add up within a node).
#pragma once

#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::collective {

/// One way in which NCCL is made to work: by the variants of the checks, each in processes of its own.
enum class Way { by_itself, ring_ll, ring_ll128, ring_simple, tree_ll, tree_ll128, tree_simple, nvls };
inline constexpr int kWays = 8;
inline constexpr Way kAllWays[kWays] = {Way::by_itself, Way::ring_ll,    Way::ring_ll128,  Way::ring_simple,
                                        Way::tree_ll,   Way::tree_ll128, Way::tree_simple, Way::nvls};

/// "ring_ll128".
const char* name_of(Way way);
/// Throws std::invalid_argument for a name that is none's.
Way way_named(const std::string& name);

/// As the profiler's plugin is told; empty: whatever NCCL takes.
std::string algorithm_of(Way way);
std::string protocol_of(Way way);

/// The ranks of a communicator, as NCCL sees them.
struct Arrangement {
  Arrangement(int of_ranks, bool is_a_node_each = false) : ranks(of_ranks), a_node_each(is_a_node_each) {}

  int ranks;
  bool a_node_each;  // several share a GPU: by NCCL_HOSTID each is a node of its own; else all are on one
};

/// An operator counts for collectives that reduce alone: others have Op::sum. Of `avg`, data that are exact
/// in every order need a number of ranks that is a power of two. One rank alone copies; of floating numbers
/// it scales what it copies, and loses the end above 16 KiB (NVIDIA/nccl issue 1950, mended in 2.29.7), and
/// of fp8 it cannot (src/device/onerank.cu).
bool is_legal(Way way, nccl::Collective collective, nccl::DataType type, nccl::Op op, const Arrangement& of);

/// What the workers' environment has to say for it.
std::map<std::string, std::string> environment_of(Way way);

/// All ways as variants of a check.
std::vector<Variant> variants_of_all_ways();

}  // namespace assay::collective
