// Memory of the NUMA node that a GPU is near to.
#pragma once

#include <string>
#include <system_error>

#include "harness/check.h"

namespace assay::pcie {

/// make(node); where nobody may choose a NUMA node, as in many containers, of whichever the kernel takes.
template <typename Make>
auto near_or_any(Context& context, int numa_node, const Make& make) {
  try {
    return make(numa_node);
  } catch (const std::system_error& error) {
    context.log(std::string(error.what()) + ": taking whichever the kernel takes");
    return make(kAnyNumaNode);
  }
}

}  // namespace assay::pcie
