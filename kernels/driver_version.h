// A CUDA driver that this build cannot work with: none, or one that is too old.
#pragma once

#include <string>

#include "harness/node/gpu.h"

namespace assay::cuda {

/// What the runtime's "insufficient driver" means. Versions as CUDA gives them: 12040 is 12.4, and 0 of a
/// driver is that there is none (CUDA Runtime API, cudaDriverGetVersion).
DeviceError insufficient_driver(int driver, int needed);

/// Why there is no device to work on, in one line, for a program that has asked for the number of devices;
/// empty where there is one (cuda_gpu.cu).
std::string why_no_device();

}  // namespace assay::cuda
