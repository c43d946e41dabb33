// What a layer does between its products and its attention, and the looks at what came of it. Launches: each
// says what work it is, and returns at once.
#pragma once

#include <cstdint>

#include "kernels/cuda_support.h"
#include "kernels/workloads/transformer/layer.h"
#include "kernels/workloads/transformer/numbers.h"
#include "kernels/workloads/transformer/probe.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

/// bf16s of any sign, from 1/8 to 2, by two to the minus `exponent`.
void fill_random(Word128* out, std::uint64_t words, unsigned exponent, bool signs, std::uint64_t seed);
/// Of the probe's head, in all pages.
void fill_probe_values(const Layer& layer, Word128* values, std::uint64_t seed);
/// Its queries: zero in the first four heads, random in the others.
void fill_probe_queries(const Layer& layer, Word128* queries, std::uint64_t seed);

/// RMSNorm: each token by the root of its mean square, times `gains`.
void normalise(const Layer& layer, const Work& work, const Rows& in, const Word128* gains, const Rows& out);
/// The same of a sum, which is kept.
void add_and_normalise(const Layer& layer, const Work& work, const Rows& a, const Rows& b, const Rows& sum,
                       const Word128* gains, const Rows& out);

struct Rotation {
  float cosine, sine;
};

/// What RoPE and the cache make of a product of `qkv`.
struct Placing {
  Layer layer;
  Rows qkv;
  const Rotation* rotations;  // of each position, for each pair of elements
  Word128 *queries, *keys, *values;
};
void place(const Placing& placing, const Work& work);
/// Keys and values of these tokens become what no rotation makes.
void wipe_placed(const Placing& placing, const Work& work);

/// SwiGLU: of a product of `gate_up`, gates first.
void activate(const Layer& layer, const Work& work, const Rows& gate_up, const Rows& out);
void add(const Layer& layer, const Work& work, const Rows& a, const Rows& b, const Rows& out);

/// Values that are not what they have to be.
struct WrongList {
  enum What : std::uint32_t { mean, constant, key, value };
  struct One {
    What what;
    std::uint32_t token, head, element, expected, actual;  // the last two: bits of bf16
  };
  static constexpr std::uint32_t kMost = 16;
  unsigned long long count;
  std::uint32_t listed;  // it may count more than kMost
  std::uint32_t unused;
  One of[kMost];
};

using Sum = unsigned long long;

/// Reads back what was placed in the cache, and holds it to the product, bit by bit; adds it to `hash`.
void look_at_placed(const Placing& placing, const Work& work, Sum* hash, WrongList* wrong);
/// `probe`: attention's result of the probe's heads. `expected`: expected_of_probe().
void look_at_probe(const Layer& layer, const Work& work, const Rows& probe, const Between* expected,
                   WrongList* wrong);

/// Buffers of which each word counts.
struct Hashed {
  static constexpr unsigned kMost = 12;
  struct {
    const Word128* words;
    std::uint64_t count;
  } of[kMost];
};
void hash(const Hashed& all, const Work& work, Sum* sum);

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
