// Descriptors, layouts, preferences. As in the real library, only the attributes' sizes are looked at here:
// what does not fit together shows when an algorithm is asked for.
#include <cstring>

#include "harness/node_sim/cublaslt_library/objects.h"

namespace assay::cublaslt {
namespace {

template <typename Value>
Status set(Value& attribute, const void* value, std::size_t bytes) {
  if (value == nullptr || bytes != sizeof(Value)) return Status::invalid_value;
  std::memcpy(&attribute, value, sizeof(Value));
  return Status::success;
}

template <typename Object>
Status destroy(Object* object) {
  delete object;
  return Status::success;
}

}  // namespace

extern "C" {

Status cublasLtMatmulDescCreate(MatmulDescriptor* descriptor, ComputeType compute, DataType scale) {
  if (descriptor == nullptr) return Status::invalid_value;
  *descriptor = new MatmulObject{compute, scale};
  return Status::success;
}

Status cublasLtMatmulDescDestroy(MatmulDescriptor descriptor) {
  return destroy(descriptor);
}

Status cublasLtMatmulDescSetAttribute(MatmulDescriptor descriptor, MatmulAttribute attribute,
                                      const void* value, std::size_t bytes) {
  if (descriptor == nullptr) return Status::invalid_value;
  switch (attribute) {
    case MatmulAttribute::compute_type:
      return set(descriptor->compute, value, bytes);
    case MatmulAttribute::scale_type:
      return set(descriptor->scale, value, bytes);
    case MatmulAttribute::transpose_a:
      return set(descriptor->of_a, value, bytes);
    case MatmulAttribute::transpose_b:
      return set(descriptor->of_b, value, bytes);
    case MatmulAttribute::a_scale:
      return set(descriptor->a_scale, value, bytes);
    case MatmulAttribute::b_scale:
      return set(descriptor->b_scale, value, bytes);
    case MatmulAttribute::d_scale:
      return set(descriptor->d_scale, value, bytes);
    case MatmulAttribute::amax_d:
      return set(descriptor->amax_d, value, bytes);
    case MatmulAttribute::fast_accumulation:
      return set(descriptor->fast_accumulation, value, bytes);
  }
  return Status::invalid_value;
}

Status cublasLtMatrixLayoutCreate(MatrixLayout* layout, DataType type, std::uint64_t rows,
                                  std::uint64_t columns, std::int64_t leading) {
  if (layout == nullptr) return Status::invalid_value;
  *layout = new LayoutObject{type, rows, columns, leading};
  return Status::success;
}

Status cublasLtMatrixLayoutDestroy(MatrixLayout layout) {
  return destroy(layout);
}

Status cublasLtMatmulPreferenceCreate(Preference* preference) {
  if (preference == nullptr) return Status::invalid_value;
  *preference = new PreferenceObject;
  return Status::success;
}

Status cublasLtMatmulPreferenceDestroy(Preference preference) {
  return destroy(preference);
}

Status cublasLtMatmulPreferenceSetAttribute(Preference preference, PreferenceAttribute attribute,
                                            const void* value, std::size_t bytes) {
  if (preference == nullptr) return Status::invalid_value;
  switch (attribute) {
    case PreferenceAttribute::max_workspace_bytes:
      return set(preference->max_workspace_bytes, value, bytes);
    case PreferenceAttribute::reduction_scheme_mask:
      return set(preference->reduction_schemes, value, bytes);
    case PreferenceAttribute::min_alignment_a:
    case PreferenceAttribute::min_alignment_b:
    case PreferenceAttribute::min_alignment_c:
    case PreferenceAttribute::min_alignment_d:
      return set(preference->alignment[static_cast<int>(attribute) -
                                       static_cast<int>(PreferenceAttribute::min_alignment_a)],
                 value, bytes);
  }
  return Status::invalid_value;
}

}  // extern "C"
}  // namespace assay::cublaslt
