#pragma once

#include "harness/node_sim/cublaslt_host.h"

namespace assay::cublaslt {

/// Null before assay_simulated_attach().
Host* host();

}  // namespace assay::cublaslt
