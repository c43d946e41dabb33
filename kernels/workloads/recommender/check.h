// Some samples worked out again, in whole numbers alone: without the tables, without the weights that the
// library reads, and without the tensor cores. For device code.
#pragma once

#include "kernels/bad_words.h"
#include "kernels/workloads/recommender/nets.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

/// What is compared, in the upper bits of a BadWord's index.
enum class Compared : std::uint64_t { sums_of_rows, scaled_sums, features, score };
constexpr unsigned kComparedShift = 56, kSampleShift = 16;

struct Checked {
  const std::uint32_t* weights;  // layer after layer: four bytes along the inputs, of output after output
  const Word128* kept;
  const std::uint32_t* scaled;
  const Word128* features;
  const std::int32_t* scores;
  unsigned first;  // sample
  memory::BadWordList* bad;
};

static __global__ void __launch_bounds__(kFillThreads)
    fill_checking_weights(std::uint32_t* out, Model model, unsigned layer) {
  const NetLayer size = model.layers[layer];
  cuda::for_each_word<kFillThreads>(std::uint64_t{size.in} * size.out / 4, [&](std::uint64_t i) {
    const auto m = static_cast<unsigned>(i % size.out), k = static_cast<unsigned>(i / size.out) * 4;
    out[i] = four_bytes(weight_of(model, layer, m, k), weight_of(model, layer, m, k + 1),
                        weight_of(model, layer, m, k + 2), weight_of(model, layer, m, k + 3));
  });
}

constexpr unsigned kCheckThreads = 256;

struct CheckedSample {
  std::uint64_t number;
  memory::BadWordList* bad;

  __device__ void compare(Compared what, unsigned place, const Word128& expected,
                          const Word128& actual) const {
    memory::compare(static_cast<std::uint64_t>(what) << kComparedShift | number << kSampleShift | place,
                    expected, actual, bad);
  }
};

struct SharedOfCheck {
  std::uint32_t vectors[kVectors * kWordsOfVector];
  std::uint32_t values[2][kWidest / 4];  // what a layer reads, and what it makes
  int score;

  __device__ signed char* bytes(unsigned which) { return reinterpret_cast<signed char*>(values[which]); }
};

/// Of a table, four dimensions.
__device__ inline FourNumbers sum_of_rows(const Model& model, std::uint64_t sample, unsigned table,
                                          unsigned word) {
  FourNumbers sum{};
  for (unsigned i = model.first_look_up[table]; i < model.first_look_up[table + 1]; ++i) {
    const FourNumbers row = numbers_of(model, model.row_of(sample, i, table), word);
    for (unsigned n = 0; n < 4; ++n) sum.of[n] += row.of[n];
  }
  return sum;
}

__device__ inline void check_sums(const Model& model, const Checked& p, const CheckedSample& sample,
                                  SharedOfCheck& shared) {
  for (unsigned i = threadIdx.x; i < kTables * kWordsOfRow; i += kCheckThreads) {
    const unsigned table = i / kWordsOfRow, word = i % kWordsOfRow;
    const unsigned look_ups = model.first_look_up[table + 1] - model.first_look_up[table];
    const FourNumbers sum = sum_of_rows(model, sample.number, table, word);
    std::uint32_t bits[4];
    int small[4];
    for (unsigned n = 0; n < 4; ++n) {
      bits[n] = cuda::bits_of(static_cast<float>(sum.of[n]));
      small[n] = scaled_sum_of_rows(sum.of[n], look_ups);
    }
    sample.compare(Compared::sums_of_rows, i, {two_words(bits[0], bits[1]), two_words(bits[2], bits[3])},
                   p.kept[std::uint64_t{blockIdx.x} * kTables * kWordsOfRow + i]);
    shared.vectors[i] = four_bytes(small[0], small[1], small[2], small[3]);
    sample.compare(Compared::scaled_sums, i, {shared.vectors[i], 0},
                   {p.scaled[sample.number * kTables * kWordsOfRow + i], 0});
  }
}

/// From values[from] to the other.
__device__ inline void work_out_layer(const NetLayer& layer, const std::uint32_t* weights, unsigned from,
                                      SharedOfCheck& shared) {
  for (unsigned m = threadIdx.x; m < layer.out; m += kCheckThreads) {
    int sum = 0;
#pragma unroll 8
    for (unsigned w = 0; w < layer.in / 4; ++w)
      sum =
          __dp4a(static_cast<int>(weights[w * layer.out + m]), static_cast<int>(shared.values[from][w]), sum);
    shared.bytes(1 - from)[m] = static_cast<signed char>(activation(whole_of_bf16(bf16_of(sum)), layer.in));
  }
  __syncthreads();
}

/// From the bottom net's output in values[from] to the other.
__device__ inline void work_out_features(const Checked& p, const CheckedSample& sample, unsigned from,
                                         SharedOfCheck& shared) {
  for (unsigned w = threadIdx.x; w < kWordsOfVector; w += kCheckThreads) {
    shared.vectors[kTables * kWordsOfVector + w] = shared.values[from][w];
    shared.values[1 - from][w] = shared.values[from][w];
  }
  __syncthreads();
  for (unsigned pair = threadIdx.x; pair < kFeatures - kDimensions; pair += kCheckThreads) {
    const std::uint32_t* const a = shared.vectors + pair % kVectors * kWordsOfVector;
    const std::uint32_t* const b = shared.vectors + second_of_pair(pair) * kWordsOfVector;
    int sum = 0;
    for (unsigned w = 0; w < kWordsOfVector && pair < kPairs; ++w)
      sum = __dp4a(static_cast<int>(a[w]), static_cast<int>(b[w]), sum);
    shared.bytes(1 - from)[kDimensions + pair] = static_cast<signed char>(scaled_pair(sum));
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < kFeatures / 8; i += kCheckThreads) {
    Word128 word{0, 0};
    for (unsigned n = 0; n < 8; ++n) put_sixteen_bits(word, n, bf16_of(shared.bytes(1 - from)[8 * i + n]));
    sample.compare(Compared::features, i, word, p.features[sample.number * (kFeatures / 8) + i]);
  }
}

/// A block a sample.
static __global__ void __launch_bounds__(kCheckThreads) check(const Model model, const Checked p) {
  ASSAY_SHARED(SharedOfCheck, shared);
  const CheckedSample sample{std::uint64_t{blockIdx.x} * model.checked_every + p.first, p.bad};
  check_sums(model, p, sample, shared);
  if (threadIdx.x == 0) shared.score = 0;
  for (unsigned k = threadIdx.x; k < model.layers[0].in; k += kCheckThreads)
    shared.bytes(0)[k] = static_cast<signed char>(dense_of(model, sample.number, k));
  __syncthreads();
  unsigned at = 0;
  const std::uint32_t* weights = p.weights;
  for (unsigned layer = 0; layer < kLayers; ++layer) {
    const NetLayer size = model.layers[layer];
    work_out_layer(size, weights, at, shared);
    weights += size.in / 4 * size.out;
    at = 1 - at;
    if (layer + 1 != kBottomLayers) continue;
    work_out_features(p, sample, at, shared);
    at = 1 - at;
  }
  int sum = 0;
  for (unsigned k = threadIdx.x; k < model.layers[kLayers - 1].out; k += kCheckThreads)
    sum += shared.bytes(at)[k] * weight_of(model, kLayers, 0, k);
  atomicAdd(&shared.score, sum);
  __syncthreads();
  if (threadIdx.x == 0)
    sample.compare(Compared::score, 0, {static_cast<std::uint32_t>(shared.score), 0},
                   {static_cast<std::uint32_t>(p.scores[sample.number]), 0});
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
