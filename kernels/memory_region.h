// Takes nearly all of a device's memory, for work that has to touch every part of it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"

namespace assay::memory {

/// As much of the free memory as the device gives, in as few buffers as it takes; `reserve_bytes` stay free.
std::vector<std::unique_ptr<DeviceBuffer>> allocate_region(Gpu& gpu, std::uint64_t reserve_bytes);

}  // namespace assay::memory
