// mma.sync of a warp: PTX ISA 9.0, "Matrix fragments for mma".
#pragma once

#include <cuda_runtime.h>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// m8n8k4: D = A x B + D; lane l has A[l / 4][l % 4], B[l % 4][l / 4], and of D row l / 4, columns 2 (l % 4)
/// and the next.
__device__ inline void mma_f64(double a, double b, double (&d)[2]) {
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+d"(d[0]), "+d"(d[1])
               : "d"(a), "d"(b));
}

#elif defined(ASSAY_CUDA_EMULATION)

inline void mma_f64(double a, double b, double (&d)[2],
                    cuda_emulation::Where where = cuda_emulation::Where::current()) {
  cuda_emulation::mma_f64(a, b, d, where);
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
