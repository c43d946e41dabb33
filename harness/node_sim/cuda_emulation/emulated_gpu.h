// A GPU through the emulated runtime. Implemented in kernels/cuda_gpu.cu, as that through CUDA's.
#pragma once

#include <memory>
#include <string>

#include "harness/node/gpu.h"

namespace assay::cuda_emulation {

/// The device with this PCI address among those that the calling thread sees (device.h), made its current
/// one. Throws DeviceError.
std::unique_ptr<Gpu> open_emulated_gpu(const std::string& pci_address);

}  // namespace assay::cuda_emulation
