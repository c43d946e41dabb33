// What the real library refuses: by its documentation (cuBLAS 13.1, "cublasLtMatmul" and the enumerations of
// its attributes), and as users met it.
#pragma once

#include "harness/model/datapath.h"
#include "harness/node_sim/cublaslt_library/objects.h"

namespace assay::cublaslt {

struct Problem {
  const MatmulObject& matmul;
  const LayoutObject &a, &b, &c, &d;

  std::uint64_t m() const { return d.rows; }
  std::uint64_t n() const { return d.columns; }
  std::uint64_t k() const { return matmul.of_a == Operation::transpose ? a.rows : a.columns; }
};

/// success, or what the library answers.
Status judge(const Problem& problem);

/// What multiplies; of a problem that is not refused.
Datapath datapath_of(const Problem& problem);

/// By which all matrices of the problem are to be aligned, in bytes: pointers, and leading dimensions.
unsigned alignment_of(const Problem& problem);

}  // namespace assay::cublaslt
