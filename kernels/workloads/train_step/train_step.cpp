#include "kernels/workloads/train_step/train_step.h"

#include "kernels/target.h"

namespace assay::workloads::train_step {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Training> make_training(Gpu&, const Model&, bool tiles_of_card,
                                                               std::uint64_t);
                       std::uint64_t wrong_in_product(Gpu&, const ProductSize&, bool, bool, bool))

std::unique_ptr<Training> make_training(Gpu& gpu, std::uint64_t seed) {
  const bool on_card = !gpu.emulated();
  return ASSAY_OF_TARGET(gpu, make_training)(gpu, on_card ? kOnCard : kUnderEmulation, on_card, seed);
}

std::unique_ptr<Training> make_training(Gpu& gpu, const Model& model, std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_training)(gpu, model, false, seed);
}

std::uint64_t wrong_in_product(Gpu& gpu, const ProductSize& size, bool across_a, bool across_b,
                               bool tiles_of_card) {
  return ASSAY_OF_TARGET(gpu, wrong_in_product)(gpu, size, across_a, across_b, tiles_of_card);
}

}  // namespace assay::workloads::train_step
