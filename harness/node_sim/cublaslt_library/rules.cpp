#include "harness/node_sim/cublaslt_library/rules.h"

namespace assay::cublaslt {
namespace {

bool is_fp8(DataType type) {
  return type == DataType::e4m3 || type == DataType::e5m2;
}

bool is_any_of(DataType type, std::initializer_list<DataType> list) {
  for (const DataType one : list) {
    if (type == one) return true;
  }
  return false;
}

/// The tables of "cublasLtMatmul": compute type, scale type, A and B, C and D.
bool types_are_supported(const Problem& p) {
  const ComputeType compute = p.matmul.compute;
  const DataType scale = p.matmul.scale, a = p.a.type, b = p.b.type, c = p.c.type, d = p.d.type;
  if (is_fp8(a) || is_fp8(b)) {
    if (!is_fp8(a) || !is_fp8(b) || (a == DataType::e5m2 && b == DataType::e5m2)) return false;
    if (compute != ComputeType::f32 || scale != DataType::f32) return false;
    if (is_fp8(d)) return is_any_of(c, {DataType::bf16, DataType::f16});
    return c == d && is_any_of(d, {DataType::bf16, DataType::f16, DataType::f32});
  }
  if (a != b || c != d) return false;
  switch (compute) {
    case ComputeType::f16:
      return scale == DataType::f16 && a == DataType::f16 && d == DataType::f16;
    case ComputeType::f32:
      if (scale != DataType::f32) return false;
      if (is_any_of(a, {DataType::bf16, DataType::f16, DataType::f32})) return d == a || d == DataType::f32;
      return a == DataType::s8 && d == DataType::f32;
    case ComputeType::fast_tf32:
      return scale == DataType::f32 && a == DataType::f32 && d == DataType::f32;
    case ComputeType::f64:
      return scale == DataType::f64 && a == DataType::f64 && d == DataType::f64;
    case ComputeType::s32:
      if (a != DataType::s8) return false;
      return (scale == DataType::s32 && d == DataType::s32) || (scale == DataType::f32 && d == DataType::s8);
  }
  return false;
}

bool shapes_fit(const Problem& p) {
  const bool across_a = p.matmul.of_a == Operation::transpose,
             across_b = p.matmul.of_b == Operation::transpose;
  if ((across_a ? p.a.columns : p.a.rows) != p.m()) return false;
  if ((across_b ? p.b.rows : p.b.columns) != p.n()) return false;
  if ((across_b ? p.b.columns : p.b.rows) != p.k()) return false;
  if (p.c.rows != p.d.rows || p.c.columns != p.d.columns) return false;
  for (const LayoutObject* layout : {&p.a, &p.b, &p.c, &p.d}) {
    if (layout->rows == 0 || layout->columns == 0) return false;
    if (layout->leading < static_cast<std::int64_t>(layout->rows)) return false;
  }
  return true;
}

bool is_multiple(std::uint64_t bytes, unsigned of) {
  return bytes % of == 0;
}

/// fp8 and int8 multiply A' B alone, along K ("TN": cuBLAS documentation; NVIDIA/CUDALibrarySamples#242), on
/// dimensions of which the documentation says what they are multiples of.
bool narrow_operands_fit(const Problem& p) {
  const bool fp8 = is_fp8(p.a.type);
  if (!fp8 && p.a.type != DataType::s8) return true;
  if (p.matmul.of_a != Operation::transpose || p.matmul.of_b != Operation::none) return false;
  const unsigned by = alignment_of(p);
  for (const LayoutObject* layout : {&p.a, &p.b}) {
    if (!is_multiple(static_cast<std::uint64_t>(layout->leading) * bytes_of(layout->type), by)) return false;
  }
  if (!is_multiple(p.k() * bytes_of(p.a.type), by)) return false;
  return fp8 ? is_multiple(p.m() * bytes_of(p.c.type), by) : is_multiple(p.m(), by);
}

/// Scales belong to narrow types: of others they are an error (cuBLAS documentation, "Narrow Precision Data
/// Types Usage"; pytorch/pytorch#106844).
bool scales_fit(const Problem& p) {
  if (!is_fp8(p.a.type) && (p.matmul.a_scale != nullptr || p.matmul.b_scale != nullptr)) return false;
  return is_fp8(p.d.type) || (p.matmul.d_scale == nullptr && p.matmul.amax_d == nullptr);
}

}  // namespace

unsigned alignment_of(const Problem& p) {
  if (is_fp8(p.a.type)) return 16;
  return p.a.type == DataType::s8 ? 4 : bytes_of(p.a.type);
}

Status judge(const Problem& problem) {
  if (!shapes_fit(problem) || !scales_fit(problem)) return Status::invalid_value;
  if (!types_are_supported(problem) || !narrow_operands_fit(problem)) return Status::not_supported;
  return Status::success;
}

Datapath datapath_of(const Problem& problem) {
  switch (problem.a.type) {
    case DataType::bf16:
      return Datapath::tensor_bf16;
    case DataType::f16:
      return Datapath::tensor_fp16;
    case DataType::e4m3:
      return Datapath::tensor_e4m3;
    case DataType::e5m2:
      return Datapath::tensor_e5m2;
    case DataType::s8:
      return Datapath::tensor_int8;
    case DataType::f64:
      return Datapath::tensor_fp64;
    default:
      return problem.matmul.compute == ComputeType::fast_tf32 ? Datapath::tensor_tf32 : Datapath::fp32;
  }
}

}  // namespace assay::cublaslt
