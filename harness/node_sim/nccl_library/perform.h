// What a collective does to memory, in the order in which NCCL's algorithms do it (all_reduce.h,
// reduce_scatter.h,
// ... of 2.28.9): a ring passes each chunk from rank to rank, adding up on the way; the tree of one node is a
// chain; with NVLS the switches add up, floats of 16 bits in single precision, rounded once.
#pragma once

#include "harness/node_sim/nccl_library/meeting.h"

namespace assay::nccl {

/// All ranks have posted; their memory is at the same addresses here. False: they do not ask for the same
/// thing, and nobody's kernel ends.
bool perform(Meeting& meeting, const Round& round, cuda_emulation::Fabric& fabric);

/// One rank's bytes to another, element by element of `element_bytes`.
void carry(const Meeting& meeting, const Parcel& parcel, int from, int to, unsigned element_bytes,
           const cuda_emulation::CollectiveCall& call, cuda_emulation::Fabric& fabric);

const char* name_of(DataType type);  // "ncclFloat16"
cuda_emulation::CollectiveCall call_of(const Post& post);

}  // namespace assay::nccl
