// How a grid goes over words: as many blocks wherever it runs. For device code.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "kernels/cuda_support.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kThreads = 256, kMostBlocks = 1056;
inline constexpr unsigned kAllLanes = 0xffffffffu;

/// Words that each thread has at least. An emulated one costs more than what it does.
#ifdef ASSAY_CUDA_EMULATION
inline constexpr unsigned kFewestWords = 4;
#else
inline constexpr unsigned kFewestWords = 1;
#endif

inline cuda::Shape grid_of(std::uint64_t words) {
  const std::uint64_t wanted = (words + kFewestWords - 1) / kFewestWords;
  const std::uint64_t threads = std::min<std::uint64_t>(kThreads, (wanted + 31) / 32 * 32);
  const std::uint64_t blocks = std::min<std::uint64_t>(kMostBlocks, (wanted + threads - 1) / threads);
  return {static_cast<unsigned>(blocks), static_cast<unsigned>(threads)};
}

/// Calls body(index) for each of so many.
template <typename Body>
__device__ void for_each_of(std::uint64_t count, const Body& body) {
  const std::uint64_t stride = std::uint64_t{gridDim.x} * blockDim.x;
  for (std::uint64_t i = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride)
    body(i);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
