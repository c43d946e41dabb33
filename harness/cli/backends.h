// The kinds of node that this binary knows.
#pragma once

#include "harness/node/backend.h"

namespace assay::cli {

/// Leads each child to the backend that made its address.
const Backend& all_backends();

}  // namespace assay::cli
