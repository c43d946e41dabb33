// Products of NVIDIA's library (cuBLASLt) on random operands, over and over, each one hashed as it is made
// and compared with the first: what a training job does, at the power that it takes.
//
// D = A' B. Operands have random signs, mantissas and two random bits of exponent (1/8 up to 2), integers all
// bits random: data of zeros or few bits draw less power and run faster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "harness/model/datapath.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node/gpu.h"
#include "kernels/memory_patterns.h"

namespace assay::compute {

/// Large enough for the tensor cores to be busy nearly all of the time, with K so long that reading the
/// result once more costs 1 to 2 % of making it.
GemmSize size_on_card(Datapath type);
/// What the emulation multiplies in the card's place, in its time.
inline constexpr GemmSize kSizeUnderEmulation{32, 32, 128};

/// Of one product, and of looking at it.
Work work_of_product(Datapath type);
Work work_of_hashing(Datapath type);

/// Of a word of D: the sum over all words, in whatever order, is the product's hash.
ASSAY_HD constexpr std::uint64_t hash_term(std::uint64_t index, Word128 word) {
  return memory::mix64(word.low ^ memory::mix64(word.high + index * 0x9e3779b97f4a7c15ULL));
}

/// An element that is not the first product's.
struct OtherElement {
  std::uint64_t row, column;
  std::uint64_t bits, of_first;
};

struct Products {
  double seconds = 0;  // device time, of products and looks at them
  std::map<std::uint64_t, int> by_hash;
  std::uint64_t other_words = 0;           // 16-byte words that are not the first product's
  std::vector<OtherElement> first_others;  // which of the two is right, the hashes say
};

class LibraryGemm {
 public:
  virtual ~LibraryGemm() = default;
  /// Gemm::propose().
  virtual GemmAlgorithm propose() = 0;
  /// Makes the first product, by this algorithm, which all later ones are compared with; its hash. Before the
  /// two below.
  virtual std::uint64_t use(const GemmAlgorithm& algorithm) = 0;
  /// So many products that nobody looks at; device seconds.
  virtual double multiply(int times) = 0;
  /// The same, each looked at. At most kMostAtOnce.
  virtual Products multiply_and_check(int times) = 0;
  /// Multiplications and additions of one product.
  virtual double operations() const = 0;
};

inline constexpr int kMostAtOnce = 2048;

/// Types as for CublasLt::make_gemm(). `library` outlives it. Throws DeviceError.
std::unique_ptr<LibraryGemm> make_library_gemm(Gpu& gpu, const CublasLt& library, Datapath type,
                                               std::uint64_t seed);

/// Elements that the library gets otherwise than the host, of a small product of whole numbers that has no
/// symmetry: what is not zero is our use of the library, until another GPU gets it right. Throws DeviceError.
std::uint64_t wrong_in_small_product(Gpu& gpu, const CublasLt& library, Datapath type);

}  // namespace assay::compute
