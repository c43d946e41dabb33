// A GPU of which a body may use a share of the memory: bodies that overlap on one GPU do not take one
// another's.
#pragma once

#include <memory>

#include "harness/node/gpu.h"

namespace assay::run {

/// The same GPU with at most `share` (above 0, at most 1) of its memory to allocate. It looks as if the rest
/// were in use: what its user does not get was never free.
std::unique_ptr<Gpu> with_memory_share(std::unique_ptr<Gpu> gpu, double share);

}  // namespace assay::run
