#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/steps.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {
namespace {

constexpr unsigned kWarps = kThreads / memory::kLanes;

/// Of all threads, in an order that is always the same.
__device__ float sum_of_block(float mine) {
  struct Partial {
    float of[kWarps];
  };
  ASSAY_SHARED(Partial, partial);
#pragma unroll
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    mine += __shfl_xor_sync(kAllLanes, mine, distance);
  if (threadIdx.x % memory::kLanes == 0) partial.of[threadIdx.x / memory::kLanes] = mine;
  __syncthreads();
  float sum = 0;
  for (unsigned warp = 0; warp < blockDim.x / memory::kLanes; ++warp) sum += partial.of[warp];
  return sum;
}

struct Normalising {
  Rows a, b, sum;  // the last two where something is added
  const Word128* gains;
  Rows out;
  std::uint32_t words;
  float of_mean, epsilon;  // one by the number of elements
};

__device__ Eight sum_of(const Eight& a, const Eight& b) {
  Eight sum;
#pragma unroll
  for (unsigned i = 0; i < kPerWord; ++i) sum.of[i] = a.of[i] + b.of[i];
  return sum;
}

constexpr unsigned kWordsOfThread = 4;  // of a token: 8,192 elements at most

/// A block a token.
template <bool kAdds>
__global__ void __launch_bounds__(kThreads) normalise_tokens(Normalising n) {
  const std::uint32_t token = blockIdx.x;
  Word128 words[kWordsOfThread];
  float squares = 0;
#pragma unroll
  for (unsigned u = 0; u < kWordsOfThread; ++u) {
    const std::uint32_t i = threadIdx.x + u * blockDim.x;
    if (i >= n.words) continue;
    words[u] = n.a.load(token, i);
    if constexpr (kAdds) {
      words[u] = word_of(sum_of(eight_of(words[u]), eight_of(n.b.load(token, i))));
      n.sum.store(token, i, words[u]);
    }
    const Eight eight = eight_of(words[u]);
#pragma unroll
    for (unsigned e = 0; e < kPerWord; ++e) squares = cuda::multiply_add(eight.of[e], eight.of[e], squares);
  }
  const float mean = cuda::multiply_add(sum_of_block(squares), n.of_mean, n.epsilon);
  const float factor = cuda::special<cuda::Special::reciprocal_root>(mean);
#pragma unroll
  for (unsigned u = 0; u < kWordsOfThread; ++u) {
    const std::uint32_t i = threadIdx.x + u * blockDim.x;
    if (i >= n.words) continue;
    Eight eight = eight_of(words[u]);
    const Eight gain = eight_of(cuda::load_past_l1(n.gains + i));
#pragma unroll
    for (unsigned e = 0; e < kPerWord; ++e) eight.of[e] = eight.of[e] * factor * gain.of[e];
    n.out.store(token, i, word_of(eight));
  }
}

template <bool kAdds>
void launch_normalising(const Layer& layer, const Work& work, Normalising n) {
  n.words = layer.shape.hidden / kPerWord;
  n.of_mean = 1.0f / static_cast<float>(layer.shape.hidden);
  n.epsilon = static_cast<float>(kEpsilon);
  cuda::launch({layer.batch.tokens, grid_of(n.words).threads}, work, normalise_tokens<kAdds>, n);
}

__global__ void __launch_bounds__(kThreads)
    activate_words(Rows gate_up, Rows out, std::uint32_t tokens, std::uint32_t words) {
  constexpr float kLog2OfE = 1.44269504f;
  for_each_of(std::uint64_t{tokens} * words, [&](std::uint64_t i) {
    const auto token = static_cast<std::uint32_t>(i / words), word = static_cast<std::uint32_t>(i % words);
    Eight gate = eight_of(gate_up.load(token, word));
    const Eight up = eight_of(gate_up.load(token, word + words));
#pragma unroll
    for (unsigned e = 0; e < kPerWord; ++e) {
      const float sigmoid = reciprocal_of(1.0f + exp2_of(-gate.of[e] * kLog2OfE));
      gate.of[e] = gate.of[e] * sigmoid * up.of[e];
    }
    out.store(token, word, word_of(gate));
  });
}

__global__ void __launch_bounds__(kThreads)
    add_words(Rows a, Rows b, Rows out, std::uint32_t tokens, std::uint32_t words) {
  for_each_of(std::uint64_t{tokens} * words, [&](std::uint64_t i) {
    const auto token = static_cast<std::uint32_t>(i / words), word = static_cast<std::uint32_t>(i % words);
    out.store(token, word, word_of(sum_of(eight_of(a.load(token, word)), eight_of(b.load(token, word)))));
  });
}

}  // namespace

void normalise(const Layer& layer, const Work& work, const Rows& in, const Word128* gains, const Rows& out) {
  launch_normalising<false>(layer, work, {in, {}, {}, gains, out, 0, 0, 0});
}

void add_and_normalise(const Layer& layer, const Work& work, const Rows& a, const Rows& b, const Rows& sum,
                       const Word128* gains, const Rows& out) {
  launch_normalising<true>(layer, work, {a, b, sum, gains, out, 0, 0, 0});
}

void activate(const Layer& layer, const Work& work, const Rows& gate_up, const Rows& out) {
  const std::uint32_t words = layer.shape.ffn / kPerWord;
  cuda::launch(grid_of(std::uint64_t{layer.batch.tokens} * words), work, activate_words, gate_up, out,
               layer.batch.tokens, words);
}

void add(const Layer& layer, const Work& work, const Rows& a, const Rows& b, const Rows& out) {
  const std::uint32_t words = layer.shape.hidden / kPerWord;
  cuda::launch(grid_of(std::uint64_t{layer.batch.tokens} * words), work, add_words, a, b, out,
               layer.batch.tokens, words);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
