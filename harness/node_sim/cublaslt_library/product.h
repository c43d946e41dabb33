// A product on simulated memory: sums as Hopper's tensor cores make them
// (cuda_emulation/tensor_arithmetic.h), results rounded to the nearest even.
#pragma once

#include "harness/node_sim/cublaslt_host.h"
#include "harness/node_sim/cublaslt_library/algorithms.h"

namespace assay::cublaslt {

struct Operands {
  const void *a, *b;
  void* d;
  const void* alpha;
};

void compute(const Problem& problem, const Way& way, const Operands& operands, unsigned multiprocessors,
             Launched& launched);

}  // namespace assay::cublaslt
