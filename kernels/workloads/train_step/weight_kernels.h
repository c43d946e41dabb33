// What is done element by element: weights made, looked up and changed, gradients of the embedding, hashes.
#pragma once

#include "kernels/library_gemm/library_gemm.h"
#include "kernels/memory_patterns.h"
#include "kernels/workloads/train_step/numbers.h"
#include "kernels/workloads/train_step/records.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kFloatsOfWord = 4;

/// Where tensors lie one after another: words of 16 bytes.
struct Segments {
  unsigned count;
  std::uint64_t end[kMostTensors];
  float scale[kMostTensors];

  __device__ unsigned of(std::uint64_t word) const {
    unsigned segment = 0;
    while (word >= end[segment]) ++segment;
    return segment;
  }
};

struct Parameters {
  float *weights, *first_moments, *second_moments;
  const float* gradients;
  std::uint16_t* as_bf16;
};

/// From -1 to 1.
__device__ inline float random_float(std::uint64_t random) {
  return times(static_cast<float>(static_cast<std::int32_t>(random >> 40) - (1 << 23)), 0x1p-23F);
}

__device__ inline void store_weights(const Parameters& p, std::uint64_t word, const float (&weights)[4]) {
  store_four(p.weights + kFloatsOfWord * word, weights);
  const std::uint64_t low = cuda::to_bf16(weights[0], weights[1]),
                      high = cuda::to_bf16(weights[2], weights[3]);
  reinterpret_cast<std::uint64_t*>(p.as_bf16)[word] = low | high << 32;
}

template <typename R>
__global__ void __launch_bounds__(R::kThreads)
    make_weights(Parameters p, std::uint64_t words, Segments segments, std::uint64_t seed) {
  const std::uint64_t word = std::uint64_t{blockIdx.x} * R::kThreads + threadIdx.x;
  if (word >= words) return;
  const float scale = segments.scale[segments.of(word)];
  float weights[kFloatsOfWord];
#pragma unroll
  for (unsigned i = 0; i < kFloatsOfWord; ++i)
    weights[i] = times(scale, random_float(memory::mix64(seed + kFloatsOfWord * word + i)));
  store_weights(p, word, weights);
  const float zeros[kFloatsOfWord] = {};
  store_four(p.first_moments + kFloatsOfWord * word, zeros);
  store_four(p.second_moments + kFloatsOfWord * word, zeros);
}

/// Of AdamW, in one step: the corrections are 1 / (1 - beta^step).
struct Adam {
  float rate, decay, beta_first, beta_second, epsilon;
  float correction_first, correction_second;
};

template <typename R>
__global__ void __launch_bounds__(R::kThreads) optimize(Parameters p, std::uint64_t words, Adam adam) {
  const std::uint64_t word = std::uint64_t{blockIdx.x} * R::kThreads + threadIdx.x;
  if (word >= words) return;
  const std::uint64_t at = kFloatsOfWord * word;
  float weights[4], first[4], second[4], gradients[4];
  load_four(p.weights + at, weights);
  load_four(p.first_moments + at, first);
  load_four(p.second_moments + at, second);
  load_four(p.gradients + at, gradients);
#pragma unroll
  for (unsigned i = 0; i < kFloatsOfWord; ++i) {
    const float g = gradients[i];
    first[i] = cuda::multiply_add(adam.beta_first, first[i], times(plus(1, -adam.beta_first), g));
    second[i] =
        cuda::multiply_add(adam.beta_second, second[i], times(times(plus(1, -adam.beta_second), g), g));
    const float root = sqrtf(times(second[i], adam.correction_second));
    const float step = times(first[i], adam.correction_first) / plus(root, adam.epsilon);
    const float kept = cuda::multiply_add(weights[i], -times(adam.rate, adam.decay), weights[i]);
    weights[i] = cuda::multiply_add(-adam.rate, step, kept);
  }
  store_four(p.first_moments + at, first);
  store_four(p.second_moments + at, second);
  store_weights(p, word, weights);
}

/// A row of the embedding for each token.
template <typename R>
__global__ void __launch_bounds__(R::kThreads)
    embed(const float* embedding, const std::uint32_t* given, float* x, unsigned width) {
  const std::uint64_t from = std::uint64_t{given[R::row()]} * width, to = std::uint64_t{R::row()} * width;
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n)
    store_eight(x + to + R::element(n), load_eight(embedding + from + R::element(n)));
}

/// A row for each word of the vocabulary: the sum over the places where it is given, in their order.
template <typename R>
__global__ void __launch_bounds__(R::kThreads)
    embed_backward(const float* d_x, const std::uint32_t* places, const std::uint32_t* first,
                   float* gradients, unsigned width) {
  Eight sum[R::kEights] = {};
  for (std::uint32_t i = first[R::row()]; i < first[R::row() + 1]; ++i) {
    const std::uint64_t from = std::uint64_t{places[i]} * width;
#pragma unroll
    for (unsigned n = 0; n < R::kEights; ++n) {
      const Eight more = load_eight(d_x + from + R::element(n));
#pragma unroll
      for (unsigned e = 0; e < kEight; ++e) sum[n].of[e] = plus(sum[n].of[e], more.of[e]);
    }
  }
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n)
    store_eight(gradients + std::uint64_t{R::row()} * width + R::element(n), sum[n]);
}

template <typename R>
__device__ void hash_words(const Word128* words, std::uint64_t begin, std::uint64_t end, std::uint64_t first,
                           Sum* hash) {
  Sum mine = 0;
#pragma unroll
  for (unsigned i = 0; i < R::kWordsHashed; ++i) {
    const std::uint64_t word = begin + i * R::kHashThreads + threadIdx.x;
    if (word < end) mine += compute::hash_term(word - first, cuda::load_streaming(words + word));
  }
  mine = R::joined(mine, [](Sum a, Sum b) { return a + b; });
  if (R::lane() == 0) atomicAdd(hash, mine);
}

template <typename R>
__global__ void __launch_bounds__(R::kHashThreads)
    hash_all(const Word128* words, std::uint64_t count, Sum* hash) {
  constexpr unsigned kOfBlock = R::kHashThreads * R::kWordsHashed;
  hash_words<R>(words, std::uint64_t{blockIdx.x} * kOfBlock, count, 0, hash);
}

/// Gradients, the last tensor's first, as they are computed; then weights, first and second moments. A block
/// of the grid for each piece of each tensor of one of the four.
struct HashedWeights {
  const Word128* of[4];
  unsigned blocks;  // of one of the four
  Segments segments;
  Sum* hashes;
};

template <typename R>
__global__ void __launch_bounds__(R::kHashThreads) hash_weights(HashedWeights p) {
  constexpr unsigned kOfBlock = R::kHashThreads * R::kWordsHashed;
  const unsigned which = blockIdx.x / p.blocks;
  unsigned block = blockIdx.x % p.blocks, segment = 0;
  std::uint64_t first = 0;
  for (;; ++segment) {
    const auto blocks = static_cast<unsigned>((p.segments.end[segment] - first + kOfBlock - 1) / kOfBlock);
    if (block < blocks) break;
    block -= blocks;
    first = p.segments.end[segment];
  }
  const unsigned count = p.segments.count;
  Sum* const hash = p.hashes + which * count + (which == 0 ? count - 1 - segment : segment);
  hash_words<R>(p.of[which], first + std::uint64_t{block} * kOfBlock, p.segments.end[segment], first, hash);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
