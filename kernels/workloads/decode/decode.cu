#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/workloads/decode/attention.h"
#include "kernels/workloads/decode/decode.h"
#include "kernels/workloads/decode/products.h"
#include "kernels/workloads/transformer/layer_on_gpu.h"

namespace assay::workloads::transformer::ASSAY_TARGET {
namespace {

using cuda::pointer;

class DecodeOnGpu final : public Workload, private LayerOnGpu {
 public:
  DecodeOnGpu(Gpu& gpu, const Layer& layer, std::uint64_t seed)
      : LayerOnGpu(gpu, layer, gpu.emulated() ? kDecodeOnCard : layer, seed),
        splits_((layer.batch.pages() + pages_of_split(layer) - 1) / pages_of_split(layer)),
        parts_(gpu.allocate(std::uint64_t{layer.batch.tokens} * layer.shape.all_kv_heads() * splits_ *
                            (layer.shape.head_dim + 2) * kGroup * sizeof(float))) {
    std::uint64_t most = 0;
    for (const Matrix matrix : kMatrices)
      most = std::max(most, std::uint64_t{splits_of(matrix, layer.shape)} *
                                size_of(matrix, layer.shape).outputs * kTokenColumns * sizeof(float));
    sums_ = gpu.allocate(most);
  }

  Repetitions repeat(int times) override { return LayerOnGpu::repeat(times); }
  double items() const override { return on_card_.batch.tokens; }

 private:
  static_assert(kTokenColumns == kColumns);

  void multiply(Matrix matrix, const Buffer& operand, const Buffer& result) override {
    const MatrixSize size = size_of(matrix, layer_.shape);
    const std::uint32_t splits = splits_of(matrix, layer_.shape);
    const DecodingProduct parameters{pointer<const Word128>(weights_[static_cast<int>(matrix)]),
                                     pointer<const Word128>(operand),
                                     pointer<float>(sums_),
                                     size.outputs,
                                     size.inputs,
                                     splits};
    cuda::launch({size.outputs / kPanelRows * splits, kGroupThreads, kProductSharedBytes},
                 work_of_decoding_product(matrix), multiply_by_tokens, parameters);
    const std::uint32_t tokens = layer_.batch.tokens;
    cuda::launch(grid_of(std::uint64_t{tokens} * size.outputs / kPerWord), work_of_adding_up(matrix),
                 add_up_splits, pointer<const float>(sums_), product(result, size.outputs), tokens,
                 size.outputs, splits);
  }

  void attend() override {
    switch (layer_.shape.head_dim) {
      case 64:
        return attend_with_heads_of<64>();
      case 128:
        return attend_with_heads_of<128>();
      default:
        throw std::invalid_argument("heads of " + std::to_string(layer_.shape.head_dim));
    }
  }
  template <unsigned kDim>
  void attend_with_heads_of() {
    const DecodingAttention parameters{
        layer_,
        pages_of_split(layer_),
        splits_,
        pointer<const Word128>(queries_),
        pointer<const Word128>(keys_),
        pointer<const Word128>(values_),
        pointer<float>(parts_),
        operand(mixed_, layer_.shape.query_columns()),
        product(probe_, kGroup * kDim),
        static_cast<float>(std::log2(std::exp(1.0)) / std::sqrt(double{kDim}))};
    const std::uint32_t heads = layer_.batch.tokens * layer_.shape.all_kv_heads();
    cuda::launch({heads * splits_, kGroupThreads, SplitBlock<kDim>::kSharedBytes},
                 work_of_decoding_attention(), attend_to_split<kDim>, parameters);
    cuda::launch({heads, kDim}, work_of_joining_splits(), join_splits, parameters);
  }

  std::uint32_t splits_;
  Buffer parts_, sums_;
};

}  // namespace

std::unique_ptr<Workload> make_decode(Gpu& gpu, const Layer& layer, std::uint64_t seed) {
  return std::make_unique<DecodeOnGpu>(gpu, layer, seed);
}

}  // namespace assay::workloads::transformer::ASSAY_TARGET
