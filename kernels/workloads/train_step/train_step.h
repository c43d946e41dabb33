// Training in small: forward, backward and AdamW of a decoder, from the same weights on the same tokens, over
// and over, whose losses and tensors are to come out the same bits each time and on every GPU.
//
// Products are bf16 on the tensor cores with fp32 sums, by our own kernel (product.h): nobody chooses an
// algorithm. Weights, moments, gradients and what goes from layer to layer are fp32. No sum is split over
// threads whose order is not fixed; the embedding's gradient is added up word by word of the vocabulary in
// the order of the batch; losses are added up as whole numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/workloads/train_step/model.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads::train_step {

/// What a step came to, of the first repetition.
struct Step {
  double loss = 0;                    // mean over the tokens
  std::vector<std::uint64_t> hashes;  // names_of_hashes()
};

class Training : public Workload {
 public:
  virtual std::vector<Step> first() const = 0;
  /// names_of_hashes() of its model.
  virtual std::vector<std::string> names() const = 0;
  /// "gradient", "weights", "first moments" or "second moments" of a tensor, as the last step left them.
  virtual std::vector<float> read(const std::string& what, const Tensor& tensor) const = 0;
};

/// Of the card's size, or of the emulation's. Throws DeviceError.
std::unique_ptr<Training> make_training(Gpu& gpu, std::uint64_t seed);
/// Of another one: small tiles.
std::unique_ptr<Training> make_training(Gpu& gpu, const Model& model, std::uint64_t seed);

/// Elements of a product of whole numbers that the host finds otherwise; by the card's tiles or the small
/// ones.
std::uint64_t wrong_in_product(Gpu& gpu, const ProductSize& size, bool across_a, bool across_b,
                               bool tiles_of_card);

}  // namespace assay::workloads::train_step
