// The stand-in for NCCL 2.28.9 (libnccl.so.2): its ABI and its rules, over the emulated CUDA runtime of the
// process that opens it.
#pragma once

#include <string>

#include "harness/node_sim/nccl_host.h"

namespace assay::nccl {

/// Null before assay_simulated_nccl_attach().
Host* host();

/// What ncclGetLastError() gives from now on. Returns `result`.
Result fail(Result result, std::string why);

/// Whether a rank that meets it has no part in the call.
bool hinders(cuda_emulation::Obstacle obstacle);
/// Success where the obstacle is not an error of the library's own. `call`: that meets it.
Result planted_failure(cuda_emulation::Obstacle obstacle, const char* call);

}  // namespace assay::nccl
