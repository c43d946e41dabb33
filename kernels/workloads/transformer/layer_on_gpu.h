// What prefill and decoding have in common on the GPU: the layer's data, its steps in their order, and the
// looks at each repetition. How products and attention are computed is each one's own.
#pragma once

#include <memory>
#include <vector>

#include "kernels/cuda_support.h"
#include "kernels/workloads/transformer/layer_work.h"
#include "kernels/workloads/transformer/steps.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

class LayerOnGpu {
 public:
  /// `on_card`: what `layer` stands for under the emulation, in whose time it works.
  LayerOnGpu(Gpu& gpu, const Layer& layer, const Layer& on_card, std::uint64_t seed);
  virtual ~LayerOnGpu() = default;
  LayerOnGpu(const LayerOnGpu&) = delete;
  LayerOnGpu& operator=(const LayerOnGpu&) = delete;

  Repetitions repeat(int times);

 protected:
  using Buffer = std::unique_ptr<DeviceBuffer>;

  /// product[token] = weights of `matrix` x operand[token].
  virtual void multiply(Matrix matrix, const Buffer& operand, const Buffer& product) = 0;
  virtual void attend() = 0;

  /// What comes before a product, and after one.
  Rows operand(const Buffer& buffer, std::uint32_t elements) const;
  Rows product(const Buffer& buffer, std::uint32_t elements) const;
  /// Tokens of an operand of the tensor cores, where tokens lie across: more than there may be.
  static constexpr std::uint32_t kColumns = 16;

  Gpu& gpu_;
  Layer layer_, on_card_;
  // In the order in which they are allocated.
  Buffer input_, gains_, weights_[4], queries_, keys_, values_, rotations_, expected_, normed_, qkv_, mixed_,
      probe_, projected_, sum_, normed_sum_, gate_up_, activated_, down_, result_;

 private:
  struct Hashes {
    Sum of[kMostAtOnce];
  };

  Buffer allocate(double elements) const;
  Buffer operand_buffer(std::uint32_t elements) const;
  Buffer product_buffer(std::uint32_t elements) const;
  void fill(std::uint64_t seed);
  void upload_rotations();
  void upload_expected(std::uint64_t seed);
  Placing placing() const;
  /// All that a repetition leaves behind, in the order of its work.
  std::vector<const Buffer*> left_behind() const;
  void wipe();
  void compute();
  void look(Sum* sum);
  Work work(Step step) const { return work_of(step, on_card_); }

  cuda::Stopwatch watch_;
  cuda::Resident<Hashes> hashes_;
  cuda::Resident<WrongList> wrong_;
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
