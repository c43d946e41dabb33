// cublasLtMatmul. What it leaves out, since our client never asks for it, it refuses as not supported: C that
// counts (beta), batches, epilogues, results in fp8 or int8, scales other than 1. Matrices of which the
// simulated memory has a share only end as ones that are too small do.
#include <cstring>

#include "harness/node_sim/cublaslt_library/library.h"
#include "harness/node_sim/cublaslt_library/product.h"

namespace assay::cublaslt {
namespace {

constexpr std::uintptr_t kWorkspaceAlignment = 256;  // cuBLAS documentation, cublasSetWorkspace

bool is_zero(const void* factor, DataType type) {
  constexpr unsigned char kZeros[8] = {};
  return std::memcmp(factor, kZeros, bytes_of(type)) == 0;
}

bool is_within_contract(const Problem& problem, const void* beta) {
  const DataType d = problem.d.type;
  return is_zero(beta, problem.matmul.scale) && d != DataType::e4m3 && d != DataType::e5m2 &&
         d != DataType::s8 && problem.matmul.compute != ComputeType::f16 &&
         !(problem.matmul.compute == ComputeType::f32 && problem.a.type == DataType::s8) &&
         datapath_of(problem) != Datapath::fp32 && problem.matmul.a_scale == nullptr &&
         problem.matmul.b_scale == nullptr;
}

bool is_aligned(const void* pointer, std::uintptr_t by) {
  return reinterpret_cast<std::uintptr_t>(pointer) % by == 0;
}

/// Of our own kernel's rate, what the library's reaches: on H200s in virtual machines, driver 580.159, it
/// made 656, 639, 340, 1191, 869 and 52.5 TFLOP/s (reports/evidence/2026-11-26-h200) where ours made 827,
/// 813, 450, 1640, 1866 and cuBLAS itself is the figure for fp64 (configs/speeds/h200.toml).
double share_of_rate(Datapath path) {
  switch (path) {
    case Datapath::tensor_bf16:
      return 656.0 / 827;
    case Datapath::tensor_fp16:
      return 639.0 / 813;
    case Datapath::tensor_tf32:
      return 340.0 / 450;
    case Datapath::tensor_int8:
      return 869.0 / 1866;
    case Datapath::tensor_fp64:
      return 1;
    default:
      return 1191.0 / 1640;
  }
}

/// From the first byte to the last.
std::uint64_t extent(const LayoutObject& layout) {
  return (static_cast<std::uint64_t>(layout.leading) * (layout.columns - 1) + layout.rows) *
         bytes_of(layout.type);
}

/// Of the tensor cores alone: what is large enough to be timed waits for them, and not for the memory.
Work work_of(const Problem& p) {
  const double operations =
      2.0 * static_cast<double>(p.m()) * static_cast<double>(p.n()) * static_cast<double>(p.k());
  return {work_kind_of(datapath_of(p)), operations / share_of_rate(datapath_of(p))};
}

}  // namespace

extern "C" Status cublasLtMatmul(Handle handle, MatmulDescriptor descriptor, const void* alpha, const void* a,
                                 MatrixLayout a_layout, const void* b, MatrixLayout b_layout,
                                 const void* beta, const void* c, MatrixLayout c_layout, void* d,
                                 MatrixLayout d_layout, const Algorithm* algorithm, void* workspace,
                                 std::size_t workspace_bytes, Stream) {
  if (handle == nullptr) return Status::not_initialized;
  if (descriptor == nullptr || alpha == nullptr || beta == nullptr || a == nullptr || b == nullptr ||
      c == nullptr || d == nullptr || a_layout == nullptr || b_layout == nullptr || c_layout == nullptr ||
      d_layout == nullptr || algorithm == nullptr)
    return Status::invalid_value;
  if (handle->device != host()->current_device()) return Status::invalid_value;
  const Problem problem{*descriptor, *a_layout, *b_layout, *c_layout, *d_layout};
  const Status verdict = judge(problem);
  if (verdict != Status::success) return verdict;
  const auto way = way_of(*algorithm, problem);
  if (!way || !is_within_contract(problem, beta)) return Status::not_supported;
  if (workspace_bytes < way->workspace_bytes) return Status::invalid_value;
  if (way->workspace_bytes > 0 &&
      (host()->backed_bytes(workspace) == 0 || !is_aligned(workspace, kWorkspaceAlignment)))
    return Status::invalid_value;
  for (const void* matrix : {a, b, static_cast<const void*>(d)}) {
    if (!is_aligned(matrix, alignment_of(problem))) return Status::not_supported;
  }
  if (host()->backed_bytes(a) < extent(*a_layout) || host()->backed_bytes(b) < extent(*b_layout) ||
      host()->backed_bytes(d) < extent(*d_layout))
    return Status::execution_failed;
  const Operands operands{a, b, d, alpha};
  const bool launched = host()->launch(work_of(problem), [&](Launched& on_device) {
    compute(problem, *way, operands, host()->multiprocessors(), on_device);
  });
  return launched ? Status::success : Status::execution_failed;
}

}  // namespace assay::cublaslt
