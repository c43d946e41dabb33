// Compare-and-swap of device memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// What was there; `wanted` is there now if that was `expected`. Relaxed.
__device__ inline std::uint64_t compare_and_swap(std::uint64_t* address, std::uint64_t expected,
                                                 std::uint64_t wanted) {
  return atomicCAS(reinterpret_cast<unsigned long long*>(address), expected, wanted);
}

#elif defined(ASSAY_CUDA_EMULATION)

inline std::uint64_t compare_and_swap(std::uint64_t* address, std::uint64_t expected, std::uint64_t wanted) {
  cuda_emulation::maybe_pause();
  __atomic_compare_exchange_n(address, &expected, wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return expected;
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
