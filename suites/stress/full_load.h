// The load that takes a GPU to its power limit: products of NVIDIA's own library on random data.
#pragma once

#include <memory>

#include "harness/check.h"
#include "kernels/library_gemm/library_gemm.h"

namespace assay {

/// At random data it draws as much as any other type (reports/evidence/2026-11-26-h200-2,
/// tensor-power.jsonl).
inline constexpr Datapath kFullLoadType = Datapath::tensor_bf16;

/// Products that a check asks for at once: a tenth of a second's.
inline constexpr int kFullLoadBatch = 32;

/// Throws DeviceError.
std::unique_ptr<compute::LibraryGemm> full_load(Context& context, Datapath type = kFullLoadType);

/// To make it.
double seconds_to_load_fully(const DeviceSpeed& speed);

}  // namespace assay
