#include "kernels/workloads/prefill/prefill.h"

#include "kernels/target.h"
#include "kernels/workloads/transformer/layer_work.h"

namespace assay::workloads::transformer {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Prefill> make_prefill(Gpu&, const CublasLt&, const Layer&,
                                                             std::uint64_t))

std::unique_ptr<Prefill> make_prefill(Gpu& gpu, const CublasLt& library, const Layer& layer,
                                      std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_prefill)(gpu, library, layer, seed);
}

std::unique_ptr<Prefill> make_prefill(Gpu& gpu, const CublasLt& library, std::uint64_t seed) {
  return make_prefill(gpu, library, gpu.emulated() ? kPrefillUnderEmulation : kPrefillOnCard, seed);
}

Work work_of_prefill_attention() {
  const double operations = operations_of_attention(kPrefillOnCard);
  constexpr double kInstructionsPerScore = 14;
  Work work(WorkKind::bf16, operations);
  work.add(WorkKind::instructions, operations / (4 * kLlama70B.head_dim) * kInstructionsPerScore);
  return work;
}

double seconds_of_prefill(const DeviceSpeed& speed) {
  double seconds = speed.seconds(work_of_prefill_attention());
  for (const Matrix matrix : kMatrices)
    seconds += speed.seconds(Work(WorkKind::bf16, operations_of(matrix, kPrefillOnCard)));
  for (const Step step : kSteps) seconds += speed.seconds(work_of(step, kPrefillOnCard));
  return seconds;
}

}  // namespace assay::workloads::transformer
