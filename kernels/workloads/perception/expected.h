// What a convolution must come to, by the cores' multiplications of whole numbers: the sum over a tile's
// filters is the convolution with the sum of the filters; and of some positions every result.
#pragma once

#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/workloads/perception/layer.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kLookThreads = 256;

static __global__ void __launch_bounds__(kLookThreads)
    fill_input(Layer layer, Word128* input, std::uint64_t seed) {
  cuda::for_each_word<kLookThreads>(layer.input_words(), [&](std::uint64_t i) {
    // Before the first position it comes round to a large one, which is no pixel either.
    const bool is_pixel = layer.is_pixel(static_cast<unsigned>(i % layer.stored()) - layer.rim());
    cuda::store_streaming(input + i, is_pixel ? random_bytes(seed, i) : Word128{0, 0});
  });
}

static __global__ void __launch_bounds__(kLookThreads)
    fill_with_random_bytes(Word128* out, std::uint64_t words, std::uint64_t seed) {
  cuda::for_each_word<kLookThreads>(
      words, [&](std::uint64_t i) { cuda::store_streaming(out + i, random_bytes(seed, i)); });
}

/// By tile of filters, channel and tap.
static __global__ void __launch_bounds__(kLookThreads)
    sum_filters(Layer layer, const unsigned char* weights, int* sums) {
  const std::uint64_t all = std::uint64_t{layer.filter_tiles()} * layer.channels * kTaps;
  cuda::for_each_word<kLookThreads>(all, [&](std::uint64_t i) {
    const auto tap = static_cast<unsigned>(i % kTaps);
    const auto channel = static_cast<unsigned>(i / kTaps % layer.channels);
    const auto tile = static_cast<unsigned>(i / kTaps / layer.channels);
    int sum = 0;
    for (unsigned n = 0; n < layer.filters_of_tile; ++n)
      sum += static_cast<std::int8_t>(
          weights[layer.weight_byte(tile * layer.filters_of_tile + n, tap, channel)]);
    sums[i] = sum;
  });
}

/// A thread a position of a tile of filters.
static __global__ void __launch_bounds__(kLookThreads)
    convolve_with_sums(Layer layer, const Word128* input, const int* filter_sums, std::uint32_t* expected) {
  const std::uint64_t all = std::uint64_t{layer.filter_tiles()} * layer.rows();
  cuda::for_each_word<kLookThreads>(all, [&](std::uint64_t i) {
    const std::uint64_t position = i % layer.rows(), tile = i / layer.rows();
    std::uint32_t sum = 0;
    for (unsigned sixteen = 0; sixteen < layer.channels / kChannelsOfWord; ++sixteen) {
      const int* const of_sixteen = filter_sums + (tile * layer.channels + sixteen * kChannelsOfWord) * kTaps;
      for (unsigned tap = 0; tap < kTaps; ++tap) {
        const Word128 word = cuda::load_past_l1(input + layer.word(sixteen, position) + layer.distance(tap));
#pragma unroll
        for (unsigned n = 0; n < kChannelsOfWord; ++n)
          sum += static_cast<std::uint32_t>(signed_byte(word, n) * of_sixteen[n * kTaps + tap]);
      }
    }
    expected[i] = sum;
  });
}

/// A thread a filter of a sampled position; the words have 16 filters each.
static __global__ void __launch_bounds__(kLookThreads)
    convolve_samples(Layer layer, const Word128* input, const unsigned char* weights, unsigned char* bytes) {
  const std::uint64_t all = std::uint64_t{layer.samples()} * layer.filters;
  cuda::for_each_word<kLookThreads>(all, [&](std::uint64_t i) {
    const auto filter = static_cast<unsigned>(i % layer.filters);
    const auto sample = static_cast<unsigned>(i / layer.filters), position = sample * layer.sampled_every;
    std::int32_t sum = 0;
    for (unsigned channel = 0; channel < layer.channels; ++channel) {
      const Word128* const at = input + layer.word(channel / kChannelsOfWord, position);
      for (unsigned tap = 0; tap < kTaps; ++tap)
        sum += signed_byte(at[layer.distance(tap)], channel % kChannelsOfWord) *
               static_cast<std::int8_t>(weights[layer.weight_byte(filter, tap, channel)]);
    }
    const int result = layer.is_pixel(position) ? result_of_sum(sum, layer.shift) : 0;
    const std::uint64_t word = std::uint64_t{filter} / kChannelsOfWord * layer.samples() + sample;
    bytes[word * kChannelsOfWord + filter % kChannelsOfWord] = static_cast<unsigned char>(result);
  });
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
