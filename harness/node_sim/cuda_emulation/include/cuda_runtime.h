// Found in place of CUDA's header where device code is built for the emulation.
#pragma once

#include "harness/node_sim/cuda_emulation/bulk_copies.h"
#include "harness/node_sim/cuda_emulation/device_code.h"
#include "harness/node_sim/cuda_emulation/errors.h"
#include "harness/node_sim/cuda_emulation/half_arithmetic.h"
#include "harness/node_sim/cuda_emulation/runtime.h"
#include "harness/node_sim/cuda_emulation/tensor_cores.h"

using namespace assay::cuda_emulation;  // as CUDA's are: global names
