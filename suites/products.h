// What checks share that have NVIDIA's library multiply for as long as the profile says: batches that are
// looked at, in between some that nobody looks at, and what came of them.
#pragma once

#include <cstdint>

#include "harness/check.h"
#include "kernels/library_gemm/library_gemm.h"

namespace assay {

/// The same in every run: GPUs and nodes can be compared.
inline constexpr std::uint64_t kProductData = 0x626c6173;

/// Made even where the profile gives no time.
inline constexpr int kFewestProducts = 9;

/// By this algorithm. Emits what both declare: `rate` and `checked_share`, of the second half of the time,
/// when the GPU is as warm, and its clock where, as the work makes them; `other_products` and `digest`, also
/// where a DeviceError ends it; and, as evidence, the first elements that differ. How many products it made.
std::uint64_t multiply_and_emit(Context& context, compute::LibraryGemm& gemm, const GemmAlgorithm& algorithm);

}  // namespace assay
