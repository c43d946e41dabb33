// What a layer asks of a GPU, step by step: for its launches, and for a plan's estimates.
#pragma once

#include "harness/model/work.h"
#include "kernels/workloads/transformer/layer.h"

namespace assay::workloads::transformer {

enum class Step {
  normalise,
  place,
  add_and_normalise,
  activate,
  add,
  look_at_placed,
  look_at_probe,
  hash,
};
inline constexpr Step kSteps[] = {Step::normalise, Step::place,        Step::add_and_normalise,
                                  Step::activate,  Step::add,          Step::look_at_placed,
                                  Step::hash,      Step::look_at_probe};

Work work_of(Step step, const Layer& layer);
/// Of a product of all of the batch's tokens.
double operations_of(Matrix matrix, const Layer& layer);
/// Of the attention of all heads, the probe's with them: of the keys that are looked at.
double operations_of_attention(const Layer& layer);
/// Bytes of a layer's weights.
double weight_bytes(const LayerShape& shape);
/// Of keys and values.
double cache_bytes(const Layer& layer);
/// All that a layer holds.
double held_bytes(const Layer& layer);

}  // namespace assay::workloads::transformer
