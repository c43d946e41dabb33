// The clocks that a thread can read.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// %globaltimer: nanoseconds, one clock for the whole GPU, from an origin of its own (PTX ISA,
/// "%globaltimer").
__device__ inline std::uint64_t global_timer() {
  std::uint64_t now = 0;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now)::"memory");
  return now;
}
/// %clock64: cycles, of this multiprocessor.
__device__ inline std::uint64_t cycles() {
  std::uint64_t now = 0;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(now)::"memory");
  return now;
}

#elif defined(ASSAY_CUDA_EMULATION)

inline std::uint64_t global_timer() {
  return cuda_emulation::launching->global_timer();
}
inline std::uint64_t cycles() {
  return cuda_emulation::launching->cycles();
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
