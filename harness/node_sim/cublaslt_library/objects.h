// What the opaque handles of cuBLASLt point to here.
#pragma once

#include <cstdint>

#include "harness/node/cublaslt_abi.h"

namespace assay::cublaslt {

struct HandleObject {
  const void* device;  // that was current when it was made
};

struct MatmulObject {
  ComputeType compute;
  DataType scale;
  Operation of_a = Operation::none, of_b = Operation::none;
  const void *a_scale = nullptr, *b_scale = nullptr, *d_scale = nullptr, *amax_d = nullptr;
  std::int8_t fast_accumulation = 0;
};

struct LayoutObject {
  DataType type;
  std::uint64_t rows, columns;
  std::int64_t leading;
};

struct PreferenceObject {
  std::uint64_t max_workspace_bytes = 0;
  std::uint32_t reduction_schemes = 7;                // all
  std::uint32_t alignment[4] = {256, 256, 256, 256};  // of A, B, C, D, in bytes
};

}  // namespace assay::cublaslt
