#include "kernels/workloads/decode/decode.h"

#include "kernels/target.h"
#include "kernels/workloads/transformer/layer_work.h"

namespace assay::workloads::transformer {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Workload> make_decode(Gpu&, const Layer&, std::uint64_t))

std::unique_ptr<Workload> make_decode(Gpu& gpu, const Layer& layer, std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_decode)(gpu, layer, seed);
}

std::unique_ptr<Workload> make_decode(Gpu& gpu, std::uint64_t seed) {
  return make_decode(gpu, gpu.emulated() ? kDecodeUnderEmulation : kDecodeOnCard, seed);
}

Work work_of_decoding_product(Matrix matrix) {
  Work work(WorkKind::read, 2 * size_of(matrix, kLlama70B).elements());
  work.add(WorkKind::bf16, operations_of(matrix, kDecodeOnCard));
  return work;
}

Work work_of_adding_up(Matrix matrix) {
  const double sums = double{1} * kDecodeOnCard.batch.tokens * size_of(matrix, kLlama70B).outputs;
  constexpr double kBytesOfPartial = 4, kBytesOfResult = 2;
  Work work(WorkKind::cached, sums * (kBytesOfPartial * splits_of(matrix, kLlama70B) + kBytesOfResult));
  return work.add(WorkKind::instructions, 10 * sums);
}

Work work_of_decoding_attention() {
  const double operations = operations_of_attention(kDecodeOnCard);
  const double keys = kDecodeOnCard.batch.keys() * kLlama70B.all_kv_heads();
  constexpr double kBytesOfKey = 2.0 * 2 * kLlama70B.head_dim, kInstructionsPerScore = 14;
  Work work(WorkKind::read, keys * kBytesOfKey);
  work.add(WorkKind::bf16, operations);
  return work.add(WorkKind::instructions, keys * kGroup * kInstructionsPerScore);
}

Work work_of_joining_splits() {
  const double splits = double{1} * kDecodeOnCard.batch.pages() / pages_of_split(kDecodeOnCard);
  const double each = 4.0 * kGroup * kLlama70B.head_dim;
  return {WorkKind::cached, kDecodeOnCard.batch.tokens * kLlama70B.all_kv_heads() * splits * each};
}

double seconds_of_decode(const DeviceSpeed& speed) {
  double seconds = speed.seconds(work_of_decoding_attention()) + speed.seconds(work_of_joining_splits());
  for (const Matrix matrix : kMatrices)
    seconds += speed.seconds(work_of_decoding_product(matrix)) + speed.seconds(work_of_adding_up(matrix));
  for (const Step step : kSteps) seconds += speed.seconds(work_of(step, kDecodeOnCard));
  return seconds;
}

}  // namespace assay::workloads::transformer
