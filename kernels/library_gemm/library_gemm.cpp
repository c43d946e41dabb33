#include "kernels/library_gemm/library_gemm.h"

#include "kernels/target.h"
#include "kernels/tensor_elements.h"

namespace assay::compute {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<LibraryGemm> make_library_gemm(Gpu&, const CublasLt&, Datapath,
                                                                      std::uint64_t);
                       std::uint64_t wrong_in_small_product(Gpu&, const CublasLt&, Datapath))

GemmSize size_on_card(Datapath type) {
  switch (type) {
    case Datapath::tensor_e4m3:
      return {8192, 8192, 32768};
    case Datapath::tensor_int8:
      return {8192, 8192, 65536};
    case Datapath::tensor_fp64:
      return {8192, 8192, 8192};
    default:
      return {8192, 8192, 16384};
  }
}

Work work_of_product(Datapath type) {
  const GemmSize size = size_on_card(type);
  return {work_kind_of(type),
          2.0 * static_cast<double>(size.m) * static_cast<double>(size.n) * static_cast<double>(size.k)};
}

Work work_of_hashing(Datapath type) {
  const GemmSize size = size_on_card(type);
  const double bytes = static_cast<double>(size.m) * static_cast<double>(size.n) * gemm_result_bytes(type);
  constexpr double kInstructionsPerWord = 50;
  Work work(WorkKind::read, bytes);
  work.add(WorkKind::instructions, bytes / sizeof(Word128) * kInstructionsPerWord);
  return work;
}

std::unique_ptr<LibraryGemm> make_library_gemm(Gpu& gpu, const CublasLt& library, Datapath type,
                                               std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_library_gemm)(gpu, library, type, seed);
}

std::uint64_t wrong_in_small_product(Gpu& gpu, const CublasLt& library, Datapath type) {
  return ASSAY_OF_TARGET(gpu, wrong_in_small_product)(gpu, library, type);
}

}  // namespace assay::compute
