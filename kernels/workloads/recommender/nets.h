// Between the products of the library: weights, activations, the interaction by pairs, the score. For device
// code.
#pragma once

#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/library_gemm/library_gemm.h"
#include "kernels/workloads/recommender/look_up.h"
#include "kernels/workloads/recommender/numbers.h"
#include "kernels/workloads/tally.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

/// As the library reads them: of each output all inputs. Eight of a word.
static __global__ void __launch_bounds__(kFillThreads)
    fill_weights(Word128* out, Model model, unsigned layer) {
  const NetLayer size = model.layers[layer];
  cuda::for_each_word<kFillThreads>(std::uint64_t{size.in} * size.out / 8, [&](std::uint64_t i) {
    Word128 word{0, 0};
    for (unsigned n = 0; n < 8; ++n) {
      const auto place = static_cast<unsigned>(8 * i + n);
      put_sixteen_bits(word, n, bf16_of(weight_of(model, layer, place / size.in, place % size.in)));
    }
    cuda::store_streaming(out + i, word);
  });
}

static __global__ void __launch_bounds__(kFillThreads) fill_dense(Word128* out, Model model) {
  const unsigned in = model.layers[0].in;
  cuda::for_each_word<kFillThreads>(std::uint64_t{model.samples} * in / 8, [&](std::uint64_t i) {
    Word128 word{0, 0};
    for (unsigned n = 0; n < 8; ++n)
      put_sixteen_bits(word, n,
                       bf16_of(dense_of(model, (8 * i + n) / in, static_cast<unsigned>((8 * i + n) % in))));
    cuda::store_streaming(out + i, word);
  });
}

/// In place: an element that the next product leaves out is no sum of its.
static __global__ void __launch_bounds__(kFillThreads)
    activate(Word128* values, std::uint64_t words, unsigned in, std::uint64_t first_place, Tally* tally) {
  Sum hash = 0;
  cuda::for_each_word<kFillThreads>(words, [&](std::uint64_t i) {
    const Word128 sums = cuda::load_streaming(values + i);
    hash += compute::hash_term(first_place + i, sums);
    Word128 word{0, 0};
#pragma unroll
    for (unsigned n = 0; n < 8; ++n)
      put_sixteen_bits(word, n, bf16_of(activation(whole_of_bf16(sixteen_bits(sums, n)), in)));
    cuda::store_streaming(values + i, word);
  });
  add_of_warp(hash, &tally->hash);
}

/// Of a sample: vectors of four bytes a word, in lines that begin in other banks of shared memory.
constexpr unsigned kWordsOfVector = kDimensions / 4, kLineOfVector = kWordsOfVector + 4;
constexpr unsigned kPairThreads = 128;

/// Of lines, which are aligned to words.
__device__ inline int product_of(const std::uint32_t* a, const std::uint32_t* b) {
  int sum = 0;
#pragma unroll
  for (unsigned w = 0; w < kWordsOfVector; w += 4) {
    const Word128 of_a = *reinterpret_cast<const Word128*>(a + w);
    const Word128 of_b = *reinterpret_cast<const Word128*>(b + w);
    sum = __dp4a(static_cast<int>(of_a.low), static_cast<int>(of_b.low), sum);
    sum = __dp4a(static_cast<int>(of_a.low >> 32), static_cast<int>(of_b.low >> 32), sum);
    sum = __dp4a(static_cast<int>(of_a.high), static_cast<int>(of_b.high), sum);
    sum = __dp4a(static_cast<int>(of_a.high >> 32), static_cast<int>(of_b.high >> 32), sum);
  }
  return static_cast<int>(cuda::integer(static_cast<std::uint32_t>(sum)));
}

/// Eight values of the bottom net's output, as bytes.
__device__ inline void put_eight_bytes(const Word128& eight, std::uint32_t* out) {
  int of[8];
#pragma unroll
  for (unsigned n = 0; n < 8; ++n) of[n] = whole_of_bf16(sixteen_bits(eight, n));
  out[0] = four_bytes(of[0], of[1], of[2], of[3]);
  out[1] = four_bytes(of[4], of[5], of[6], of[7]);
}

/// A block a sample.
static __global__ void __launch_bounds__(kPairThreads)
    interact(Model model, const std::uint32_t* sums, const Word128* bottom, Word128* features, Tally* tally) {
  struct Shared {
    alignas(16) std::uint32_t vectors[kVectors * kLineOfVector];
    alignas(16) Word128 features[kFeatures / 8];
  };
  ASSAY_SHARED(Shared, shared);
  auto* const values = reinterpret_cast<std::uint16_t*>(shared.features);
  Sum hash = 0;
  for (std::uint64_t sample = blockIdx.x; sample < model.samples; sample += gridDim.x) {
    for (unsigned i = threadIdx.x; i < kTables * kWordsOfVector; i += kPairThreads)
      shared.vectors[i / kWordsOfVector * kLineOfVector + i % kWordsOfVector] =
          sums[sample * kTables * kWordsOfVector + i];
    if (threadIdx.x < kDimensions / 8) {
      const Word128 eight = cuda::load_streaming(bottom + sample * (kDimensions / 8) + threadIdx.x);
      shared.features[threadIdx.x] = eight;
      put_eight_bytes(eight, shared.vectors + kTables * kLineOfVector + 2 * threadIdx.x);
    }
    __syncthreads();
    for (unsigned pair = threadIdx.x; pair < kFeatures - kDimensions; pair += kPairThreads) {
      const int product = pair < kPairs ? product_of(shared.vectors + pair % kVectors * kLineOfVector,
                                                     shared.vectors + second_of_pair(pair) * kLineOfVector)
                                        : 0;
      values[kDimensions + pair] = static_cast<std::uint16_t>(bf16_of(scaled_pair(product)));
    }
    __syncthreads();
    for (unsigned i = threadIdx.x; i < kFeatures / 8; i += kPairThreads) {
      const std::uint64_t place = sample * (kFeatures / 8) + i;
      hash += compute::hash_term(place, shared.features[i]);
      cuda::store_streaming(features + place, shared.features[i]);
    }
    __syncthreads();
  }
  add_of_warp(hash, &tally->hash);
}

/// A warp a sample.
static __global__ void __launch_bounds__(kFillThreads)
    score(Model model, const Word128* values, std::int32_t* scores, Tally* tally) {
  const unsigned lane = threadIdx.x % memory::kLanes, words = model.layers[kLayers - 1].out / 8;
  const std::uint64_t warp = (std::uint64_t{blockIdx.x} * kFillThreads + threadIdx.x) / memory::kLanes;
  if (warp >= model.samples) return;
  std::uint32_t sum = 0;  // of damaged values, too
  for (unsigned w = lane; w < words; w += memory::kLanes) {
    const Word128 eight = cuda::load_streaming(values + warp * words + w);
    for (unsigned n = 0; n < 8; ++n)
      sum += static_cast<std::uint32_t>(whole_of_bf16(sixteen_bits(eight, n)) *
                                        weight_of(model, kLayers, 0, 8 * w + n));
  }
  for (int distance = memory::kLanes / 2; distance > 0; distance /= 2)
    sum += __shfl_down_sync(0xffffffffu, sum, distance);
  if (lane != 0) return;
  scores[warp] = static_cast<std::int32_t>(sum);
  atomicAdd(&tally->hash, Sum{memory::mix64(memory::mix64(warp) ^ sum)});
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
