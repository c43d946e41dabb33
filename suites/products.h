// What checks share that have NVIDIA's library multiply: batches that are looked at, in between some that
// nobody looks at, and what came of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/library_gemm/library_gemm.h"

namespace assay {

/// The same in every run: GPUs and nodes can be compared.
inline constexpr std::uint64_t kProductData = 0x626c6173;

/// Made even where the profile gives no time.
inline constexpr int kFewestProducts = 9;

/// The first rank's choice, for all: by another algorithm the same products can differ in their last bits.
/// Throws std::runtime_error where their libraries are of different versions.
GemmAlgorithm agree(Context& context, const GemmAlgorithm& proposal, const std::string& version);

/// Products of the same operands by the same algorithm, by what they came to.
class ProductTally {
 public:
  void add(std::uint64_t hash) { ++by_hash_[hash]; }
  void add(const compute::Products& products);
  std::uint64_t products() const;
  /// `other_products` and `digest`, and, as evidence, the first elements that differ. Nothing where there was
  /// none.
  void emit(Context& context) const;

 private:
  std::map<std::uint64_t, std::uint64_t> by_hash_;
  std::uint64_t other_words_ = 0;
  std::vector<compute::OtherElement> first_others_;
};

/// By this algorithm, for so long. Emits what both declare: `rate` and `checked_share`,
/// of the second half of the time, when the GPU is as warm, and its clock where, as the work makes them; and
/// what ProductTally does, also where a DeviceError ends it.
struct Multiplied {
  std::uint64_t products;
  double rate_tflops;
};
Multiplied multiply_and_emit(Context& context, compute::LibraryGemm& gemm, const GemmAlgorithm& algorithm,
                             double duration_s);

}  // namespace assay
