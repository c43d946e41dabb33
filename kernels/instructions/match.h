// Which lanes of a warp hold the same.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// match.any.sync.b32 of a whole warp: the lanes whose value is this one's.
__device__ inline std::uint32_t lanes_that_match(std::uint32_t value) {
  return __match_any_sync(0xffffffffu, value);
}
/// %lanemask_lt: the lanes before this one.
__device__ inline std::uint32_t lanes_before() {
  std::uint32_t lanes = 0;
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(lanes));
  return lanes;
}

#elif defined(ASSAY_CUDA_EMULATION)

struct Matched {
  std::uint32_t value, lanes;

  static void all_of_a_warp(void*, void* const* all) {
    for (unsigned lane = 0; lane < cuda_emulation::kLanesPerWarp; ++lane) {
      auto& mine = *static_cast<Matched*>(all[lane]);
      mine.lanes = 0;
      for (unsigned other = 0; other < cuda_emulation::kLanesPerWarp; ++other)
        mine.lanes |= std::uint32_t{static_cast<Matched*>(all[other])->value == mine.value} << other;
    }
  }
};

inline std::uint32_t lanes_that_match(std::uint32_t value,
                                      cuda_emulation::Where where = cuda_emulation::Where::current()) {
  Matched mine{value, 0};
  cuda_emulation::meet_as_group(cuda_emulation::kLanesPerWarp, &mine, Matched::all_of_a_warp, nullptr, where);
  return mine.lanes;
}
inline std::uint32_t lanes_before() {
  return (1u << cuda_emulation::lane_of_this_thread()) - 1;
}

#endif

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
