// The library as the tests of the device halves find it: the machine's own, or, without a GPU, the stand-in.
#pragma once

#include <memory>
#include <string>

#include "harness/node/cublaslt_client.h"

namespace assay::testing_tools {

/// Null, and the reason, where there is none.
std::unique_ptr<CublasLt> open_cublaslt(std::string& why_not);

}  // namespace assay::testing_tools
