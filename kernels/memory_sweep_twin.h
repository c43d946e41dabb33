// The sweep on a simulated GPU, without its kernel: several times faster than the kernel under emulation, and
// fast enough to compute coverage. It replays the kernel's grid in shuffled waves, and reports what the
// kernel does.
#pragma once

#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/memory_sweep.h"

namespace assay::memory {

/// On the current device of the emulated runtime.
std::unique_ptr<MemorySweep> make_sweep_twin(const std::vector<DeviceBuffer*>& region, int page_shift);

}  // namespace assay::memory
