// What a repetition asks of a device.
#include "kernels/workloads/train_step/model.h"

namespace assay::workloads::train_step {
namespace {

constexpr double kBf16 = 2, kFloat = 4;  // bytes

double elements_of_weights(const Model& model) {
  const Tensor last = tensors_of(model).back();
  return static_cast<double>(last.offset + last.elements());
}

bool leaves_bf16(Role role) {
  switch (role) {
    case Role::qkv:
    case Role::attend:
    case Role::up:
    case Role::into_down:
    case Role::into_out:
    case Role::of_values:
    case Role::of_queries:
    case Role::of_keys:
      return true;
    default:
      return false;
  }
}

Work row_by_row(double elements, double bytes_of_element, double instructions_of_element) {
  Work work(WorkKind::copy, elements * bytes_of_element);
  work.add(WorkKind::instructions, elements * instructions_of_element);
  return work;
}

}  // namespace

/// Operands are read from the cache by each tile that they belong to, from memory once.
Work work_of(const Model& model, Role role) {
  const ProductSize size = size_of(model, role);
  const double m = size.m, n = size.n, k = size.k, batches = size.batches;
  const double tiles = m / kTileRows * n / kTileColumns;
  Work work(WorkKind::bf16, 2 * m * n * k * batches);
  work.add(WorkKind::cached, tiles * (kTileRows + kTileColumns) * k * kBf16 * batches);
  work.add(WorkKind::copy, ((m + n) * k * kBf16 + m * n * (leaves_bf16(role) ? kBf16 : kFloat)) * batches);
  return work;
}

Work work_of(const Model& model, Pass pass) {
  const double of_tokens = double{1} * model.tokens() * model.width;
  const double of_attention = double{1} * model.attentions() * model.length * model.length;
  const double of_logits = double{1} * model.tokens() * model.vocabulary;
  switch (pass) {
    case Pass::make_weights:
      return row_by_row(elements_of_weights(model), 3 * kFloat + kBf16, 15);
    case Pass::embed:
      return row_by_row(of_tokens, 2 * kFloat, 2);
    case Pass::norm:
      return row_by_row(of_tokens, kFloat + kBf16, 5);
    case Pass::softmax:
      return row_by_row(of_attention, kFloat + kBf16, 15);
    case Pass::loss:
      return row_by_row(of_logits, 3 * kFloat + kBf16, 25);
    case Pass::norm_backward:
      return row_by_row(of_tokens, 4 * kFloat + kBf16, 10);
    case Pass::softmax_backward:
      return row_by_row(of_attention, kFloat + 2 * kBf16, 10);
    case Pass::embed_backward:
      return row_by_row(of_tokens + double{1} * model.vocabulary * model.width, kFloat, 3);
    case Pass::optimize:
      return row_by_row(elements_of_weights(model), 7 * kFloat + kBf16, 30);
    case Pass::hash_weights:
      return row_by_row(elements_of_weights(model), 4 * kFloat, 50);
    case Pass::hash_tokens:
      return row_by_row(of_tokens, kFloat, 13);
    case Pass::hash_logits:
      return row_by_row(of_logits, kFloat, 13);
    case Pass::check_probe: {
      const ProductSize size = size_of(model, Role::probe);
      return row_by_row(double{1} * size.m * size.n, kFloat, 20);
    }
  }
  return {};
}

/// Launches follow one another without being waited for.
double seconds_of_repetition(const DeviceSpeed& speed, const Model& model) {
  double seconds = 0;
  for (int i = 0; i < kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    seconds += count_of(model, role) * speed.seconds_of_demands(work_of(model, role));
  }
  for (int i = 0; i < kPasses; ++i) {
    const auto pass = static_cast<Pass>(i);
    seconds += count_of(model, pass) * speed.seconds_of_demands(work_of(model, pass));
  }
  return seconds;
}

}  // namespace assay::workloads::train_step
