#include "kernels/workloads/transformer/layer_work.h"

namespace assay::workloads::transformer {
namespace {

constexpr double kBytes = 2;  // of an element

/// Bytes that are read and written, and what the cores do for each element.
Work by_elements(WorkKind kind, double read_and_written, double elements, double instructions_each) {
  Work work(kind, kBytes * read_and_written);
  work.add(WorkKind::instructions, elements * instructions_each);
  return work;
}

/// Of everything that a token leaves behind, but for keys and values.
double elements_of_token(const LayerShape& shape) {
  return double{6} * shape.hidden + 2.0 * shape.query_columns() + shape.qkv_columns() + 3.0 * shape.ffn +
         2.0 * kGroup * shape.head_dim;
}

}  // namespace

Work work_of(Step step, const Layer& layer) {
  const LayerShape& shape = layer.shape;
  const double tokens = layer.batch.tokens, hidden = tokens * shape.hidden, ffn = tokens * shape.ffn;
  const double qkv = tokens * shape.qkv_columns(), placed = tokens * 2 * shape.kv_heads * shape.head_dim;
  const double probe = tokens * kGroup * shape.head_dim;
  switch (step) {
    case Step::normalise:
      return by_elements(WorkKind::copy, 2 * hidden, hidden, 8);
    case Step::place:
      return by_elements(WorkKind::copy, 2 * qkv, qkv, 10);
    case Step::add_and_normalise:
      return by_elements(WorkKind::copy, 4 * hidden, hidden, 12);
    case Step::activate:
      return by_elements(WorkKind::copy, 3 * ffn, ffn, 20);
    case Step::add:
      return by_elements(WorkKind::copy, 3 * hidden, hidden, 8);
    case Step::look_at_placed:
      return by_elements(WorkKind::read, 2 * placed, placed, 15);
    case Step::look_at_probe:
      return by_elements(WorkKind::read, probe, probe, 8);
    default: {
      const double elements = tokens * elements_of_token(shape);
      return by_elements(WorkKind::read, elements, elements, 50.0 / kPerWord);
    }
  }
}

double operations_of(Matrix matrix, const Layer& layer) {
  return 2 * layer.batch.tokens * size_of(matrix, layer.shape).elements();
}

double operations_of_attention(const Layer& layer) {
  return 4.0 * layer.shape.head_dim * kGroup * layer.shape.all_kv_heads() * layer.batch.keys();
}

double weight_bytes(const LayerShape& shape) {
  double elements = 0;
  for (const Matrix matrix : kMatrices) elements += size_of(matrix, shape).elements();
  return kBytes * elements;
}

double cache_bytes(const Layer& layer) {
  return 2 * static_cast<double>(layer.cache_words()) * sizeof(Word128);
}

double held_bytes(const Layer& layer) {
  return weight_bytes(layer.shape) + cache_bytes(layer) +
         layer.batch.tokens * kBytes * (elements_of_token(layer.shape) + 2.0 * layer.shape.hidden);
}

}  // namespace assay::workloads::transformer
