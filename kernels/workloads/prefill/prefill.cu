#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/workloads/prefill/attention.h"
#include "kernels/workloads/prefill/prefill.h"
#include "kernels/workloads/transformer/layer_on_gpu.h"

namespace assay::workloads::transformer::ASSAY_TARGET {
namespace {

using cuda::pointer;

GemmSize gemm_size(Matrix matrix, const Layer& layer) {
  const MatrixSize size = size_of(matrix, layer.shape);
  return {size.outputs, layer.batch.tokens, size.inputs};
}

class PrefillOnGpu final : public Prefill, private LayerOnGpu {
 public:
  PrefillOnGpu(Gpu& gpu, const CublasLt& library, const Layer& layer, std::uint64_t seed)
      : LayerOnGpu(gpu, layer, gpu.emulated() ? kPrefillOnCard : layer, seed) {
    for (const Matrix matrix : kMatrices)
      gemms_[static_cast<int>(matrix)] = library.make_gemm(Datapath::tensor_bf16, gemm_size(matrix, layer));
  }

  PrefillAlgorithms propose() override {
    PrefillAlgorithms all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = gemms_[i]->propose();
    return all;
  }

  void use(const PrefillAlgorithms& algorithms) override {
    std::size_t most = 0;
    for (std::size_t i = 0; i < algorithms.size(); ++i) {
      gemms_[i]->use(algorithms[i]);
      most = std::max(most, gemms_[i]->workspace_bytes());
    }
    workspace_.reset();
    if (most > 0) workspace_ = gpu_.allocate(most);
  }

  Repetitions repeat(int times) override { return LayerOnGpu::repeat(times); }
  double items() const override { return on_card_.batch.tokens; }

 private:
  void multiply(Matrix matrix, const Buffer& operand, const Buffer& product) override {
    const int number = static_cast<int>(matrix);
    cuda::in_time_of(operations_of(matrix, on_card_) / operations_of(matrix, layer_), [&] {
      try {
        gemms_[number]->multiply(
            weights_[number]->device_pointer(), operand->device_pointer(), product->device_pointer(),
            workspace_ == nullptr ? nullptr : workspace_->device_pointer(), cudaStreamPerThread);
      } catch (const DeviceError&) {
        cuda::check(cudaGetLastError(), "product");  // the device's own word, where it has one
        throw;
      }
    });
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
    const LayerShape& shape = layer_.shape;
    const PrefillAttention parameters{layer_,
                                      pointer<const Word128>(queries_),
                                      pointer<const Word128>(keys_),
                                      pointer<const Word128>(values_),
                                      operand(mixed_, shape.query_columns()),
                                      product(probe_, kGroup * kDim),
                                      static_cast<float>(std::log2(std::exp(1.0)) / std::sqrt(double{kDim}))};
    const unsigned groups = std::min(kMostGroups, layer_.batch.tiles());
    cuda::launch({layer_.batch.tiles() / groups * shape.all_kv_heads(), groups * kGroupThreads,
                  AttentionBlock<kDim>::shared_bytes(groups)},
                 work_of_prefill_attention(), attend_to_prompt<kDim>, parameters);
  }

  std::unique_ptr<Gemm> gemms_[4];
  Buffer workspace_;
};

}  // namespace

std::unique_ptr<Prefill> make_prefill(Gpu& gpu, const CublasLt& library, const Layer& layer,
                                      std::uint64_t seed) {
  return std::make_unique<PrefillOnGpu>(gpu, library, layer, seed);
}

}  // namespace assay::workloads::transformer::ASSAY_TARGET
