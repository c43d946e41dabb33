#include "kernels/exact_gemm/exact_gemm.h"

#include <algorithm>

#include "kernels/target.h"
#include "kernels/tensor_elements.h"

namespace assay::compute {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<ExactGemm> make_exact_gemm(Gpu&, Datapath, std::uint64_t,
                                                                  const GemmShape&))

unsigned element_bytes(Datapath type) {
  return type == Datapath::tensor_fp64 ? 8 : static_cast<unsigned>(format_of(type).bytes);
}

unsigned result_bytes(Datapath type) {
  return type == Datapath::tensor_fp64 ? 8 : 4;
}

GemmShape shape_on_card(Datapath type) {
  constexpr unsigned kPanels = 132;  // a tile of two by one: 66 for each of 132 SMs
  switch (type) {
    case Datapath::tensor_e4m3:
    case Datapath::tensor_e5m2:
      return {kPanels, kPanels, 7, 2};  // 896 products of up to 16 keep below 2^14
    case Datapath::tensor_fp64:
      return {kPanels, kPanels, 64, 2};  // 1024 products
    default:
      return {kPanels, kPanels, 128, 2};
  }
}

GemmShape shape_under_emulation(const Gpu& gpu) {
  // Those that err come first (cuda_emulation/launches.cpp), and the others all do the same.
  constexpr unsigned kRows = 3, kMostColumns = 4;
  const auto sms = static_cast<unsigned>(gpu.multiprocessors());
  return {kRows, std::clamp(sms / kRows, 1u, kMostColumns), 1, 1};
}

Work work_of_multiplication(Datapath type, const GemmShape& shape) {
  const double k = static_cast<double>(shape.chunks) * kChunkBytes / element_bytes(type);
  return Work(work_kind_of(type),
              2.0 * static_cast<double>(shape.rows()) * static_cast<double>(shape.columns()) * k)
      .of_few_bits();
}

Work work_of_check(Datapath type, const GemmShape& shape) {
  const auto elements = static_cast<double>(shape.rows()) * static_cast<double>(shape.columns());
  constexpr double kPasses = 2, kInstructionsPerElement = 30;
  Work work(WorkKind::read, kPasses * elements * result_bytes(type));
  work.add(WorkKind::instructions, kPasses * elements * kInstructionsPerElement);
  return work;
}

std::unique_ptr<ExactGemm> make_exact_gemm(Gpu& gpu, Datapath type, std::uint64_t seed,
                                           const GemmShape& shape) {
  return ASSAY_OF_TARGET(gpu, make_exact_gemm)(gpu, type, seed, shape);
}

std::unique_ptr<ExactGemm> make_exact_gemm(Gpu& gpu, Datapath type, std::uint64_t seed) {
  return make_exact_gemm(gpu, type, seed, gpu.emulated() ? shape_under_emulation(gpu) : shape_on_card(type));
}

}  // namespace assay::compute
