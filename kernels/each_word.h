// How a grid walks over words of 16 bytes. For device code.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

/// Calls body(index) for each word of this thread's, in a grid of blocks of kThreads.
template <unsigned kThreads, typename Body>
__device__ void for_each_word(std::uint64_t words, const Body& body) {
  const std::uint64_t stride = static_cast<std::uint64_t>(gridDim.x) * kThreads;
  for (std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * kThreads + threadIdx.x; i < words;
       i += stride)
    body(i);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
