// The real GPU, through the CUDA runtime. Implemented in kernels/cuda_gpu.cu: harness/ itself is plain C++.
#pragma once

#include <memory>
#include <string>

#include "harness/node/gpu.h"

namespace assay {

/// False: the device halves were left out of this build.
bool built_with_cuda();

/// The GPU at this PCI address ("0000:1b:00.0"), made the calling thread's current device. Throws
/// DeviceError.
std::unique_ptr<Gpu> open_cuda_gpu(const std::string& pci_address);

}  // namespace assay
