// The device that the tests of the device halves run on where there is no GPU.
#pragma once

#include "harness/node_sim/cuda_emulation/plain_device.h"

namespace assay::testing_tools {

cuda_emulation::PlainDevice& emulated_device();

}  // namespace assay::testing_tools
