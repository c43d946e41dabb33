// Copies of 16 bytes from global to shared memory that a thread does not wait for: PTX ISA 9.0, "cp.async".
// Under the emulation they are done at once: a wait that is missing does not show.
#pragma once

#include <cuda_runtime.h>

#include "harness/node/gpu.h"
#include "kernels/instructions/bulk_copy.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// Past the first-level cache.
__device__ inline void copy_word_to_shared(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(shared)),
               "l"(__cvta_generic_to_global(global))
               : "memory");
}
__device__ inline void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Until at most so many of this thread's groups are on the way.
template <int kMost>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kMost) : "memory");
}

#elif defined(ASSAY_CUDA_EMULATION)

inline void copy_word_to_shared(void* shared, const void* global) {
  *static_cast<Word128*>(shared) = cuda_emulation::load_word(static_cast<const Word128*>(global));
}
inline void commit_copies() {}
template <int>
void wait_for_copies() {}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
