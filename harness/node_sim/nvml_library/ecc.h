// The DRAM's error counters by NVML's numbering.
#pragma once

#include <cstdint>

#include "harness/node/nvml_abi.h"
#include "harness/node_sim/state.h"

namespace assay::nvml {

/// `error` is an EccErrorType, `counter` an EccCounterType.
std::int64_t dram_errors(const sim::GpuDynamic& gpu, unsigned error, unsigned counter);

}  // namespace assay::nvml
