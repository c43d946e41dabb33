// A bit that a drill plants in a GPU's memory, to see whether a check finds it. No check of a shipped profile
// has part in it.
#pragma once

#include <cstdint>

#include "harness/node/gpu.h"

namespace assay::drill {

/// Inverts bits of the byte there, and waits for it. Throws DeviceError.
void flip_bits(Gpu& gpu, void* byte, std::uint8_t bits);

}  // namespace assay::drill
