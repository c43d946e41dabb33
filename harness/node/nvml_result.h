// NVML's return codes as words: what a reading without a value carries.
#pragma once

#include <string>

#include "harness/node/nvml_abi.h"

namespace assay::nvml {

/// Stable, snake_case: "not_supported", "gpu_lost", "no_permission", ...; "nvml_error_<n>" for a code that is
/// not known here.
std::string word(Return result);

/// The library cannot talk to this GPU: it fell off the bus, is not found any more, or wants a reset first.
bool means_lost(Return result);

/// This form of the call does not exist here; an older one may.
bool try_older(Return result);

}  // namespace assay::nvml
