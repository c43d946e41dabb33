// cuBLASLt's C ABI as far as it is used here: types, constants, prototypes. Our own declarations, so that no
// CUDA toolkit is needed to build. Layouts and values: NVIDIA's cublasLt.h, library_types.h and cublas_api.h
// of cuBLAS 13.1. The client takes the functions' types from here (decltype) and their addresses from dlsym;
// the simulator's stand-in defines them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::cublaslt {

/// cublasStatus_t.
enum class Status : int {
  success = 0,
  not_initialized = 1,
  alloc_failed = 3,
  invalid_value = 7,
  arch_mismatch = 8,
  mapping_error = 11,
  execution_failed = 13,
  internal_error = 14,
  not_supported = 15,
  license_error = 16,
};

/// cudaDataType.
enum class DataType : int {
  f32 = 0,
  f64 = 1,
  f16 = 2,
  s8 = 3,
  s32 = 10,
  bf16 = 14,
  e4m3 = 28,
  e5m2 = 29,
};

constexpr unsigned bytes_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return 8;
    case DataType::f32:
    case DataType::s32:
      return 4;
    case DataType::f16:
    case DataType::bf16:
      return 2;
    default:
      return 1;
  }
}

/// cublasComputeType_t.
enum class ComputeType : int {
  f16 = 64,
  f32 = 68,
  f64 = 70,
  s32 = 72,
  fast_tf32 = 77,
};

/// cublasOperation_t, as attributes hold it.
enum class Operation : std::int32_t { none = 0, transpose = 1 };

/// Attributes of a multiplication, with the size in bytes that each has.
enum class MatmulAttribute : int {
  compute_type = 0,        // 4
  scale_type = 1,          // 4
  transpose_a = 3,         // 4
  transpose_b = 4,         // 4
  a_scale = 17,            // 8
  b_scale = 18,            // 8
  d_scale = 20,            // 8
  amax_d = 21,             // 8
  fast_accumulation = 25,  // 1
};

/// Of what an algorithm is to be chosen by; all that are here have eight bytes, the mask and the alignments
/// four.
enum class PreferenceAttribute : int {
  max_workspace_bytes = 1,
  reduction_scheme_mask = 3,
  min_alignment_a = 5,
  min_alignment_b = 6,
  min_alignment_c = 7,
  min_alignment_d = 8,
};

/// CUBLASLT_REDUCTION_SCHEME_NONE: K is not split over blocks whose sums are added up afterwards.
inline constexpr std::uint32_t kNoReduction = 0, kAnyReduction = 7;

enum class AlgorithmSetting : int { split_k = 2, reduction_scheme = 3 };  // 4 bytes each

/// cublasLtMatmulAlgo_t: plain bytes, good for the version of the library that made them.
struct Algorithm {
  std::uint64_t data[8];
};

/// cublasLtMatmulHeuristicResult_t.
struct HeuristicResult {
  Algorithm algorithm;
  std::size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(HeuristicResult) == 96);

/// What these point to is the library's own business.
using Handle = struct HandleObject*;
using MatmulDescriptor = struct MatmulObject*;
using MatrixLayout = struct LayoutObject*;
using Preference = struct PreferenceObject*;
/// cudaStream_t.
using Stream = void*;

#pragma GCC visibility push(default)
extern "C" {

std::size_t cublasLtGetVersion();
const char* cublasLtGetStatusString(Status status);
Status cublasLtCreate(Handle* handle);
Status cublasLtDestroy(Handle handle);

Status cublasLtMatmulDescCreate(MatmulDescriptor* descriptor, ComputeType compute, DataType scale);
Status cublasLtMatmulDescDestroy(MatmulDescriptor descriptor);
Status cublasLtMatmulDescSetAttribute(MatmulDescriptor descriptor, MatmulAttribute attribute,
                                      const void* value, std::size_t bytes);
/// Of the matrix as it is stored, column by column; `leading`: elements from one column to the next.
Status cublasLtMatrixLayoutCreate(MatrixLayout* layout, DataType type, std::uint64_t rows,
                                  std::uint64_t columns, std::int64_t leading);
Status cublasLtMatrixLayoutDestroy(MatrixLayout layout);
Status cublasLtMatmulPreferenceCreate(Preference* preference);
Status cublasLtMatmulPreferenceDestroy(Preference preference);
Status cublasLtMatmulPreferenceSetAttribute(Preference preference, PreferenceAttribute attribute,
                                            const void* value, std::size_t bytes);

/// Best first. Of the answers that are there, those with another state than success are none.
Status cublasLtMatmulAlgoGetHeuristic(Handle handle, MatmulDescriptor descriptor, MatrixLayout a,
                                      MatrixLayout b, MatrixLayout c, MatrixLayout d, Preference preference,
                                      int asked, HeuristicResult results[], int* returned);
/// Whether this device can do it by this algorithm, and the workspace that it takes.
Status cublasLtMatmulAlgoCheck(Handle handle, MatmulDescriptor descriptor, MatrixLayout a, MatrixLayout b,
                               MatrixLayout c, MatrixLayout d, const Algorithm* algorithm,
                               HeuristicResult* result);
Status cublasLtMatmulAlgoConfigGetAttribute(const Algorithm* algorithm, AlgorithmSetting setting, void* value,
                                            std::size_t bytes, std::size_t* written);
/// D = alpha op(A) op(B) + beta C. `alpha` and `beta` are on the host, of the scale type.
Status cublasLtMatmul(Handle handle, MatmulDescriptor descriptor, const void* alpha, const void* a,
                      MatrixLayout a_layout, const void* b, MatrixLayout b_layout, const void* beta,
                      const void* c, MatrixLayout c_layout, void* d, MatrixLayout d_layout,
                      const Algorithm* algorithm, void* workspace, std::size_t workspace_bytes,
                      Stream stream);

}  // extern "C"
#pragma GCC visibility pop

}  // namespace assay::cublaslt
