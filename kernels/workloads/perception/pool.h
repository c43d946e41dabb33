// Pooling: each cell adds up what its pixels saw, by weight. Points are sorted by cell, so that nobody adds
// to what another one adds to.
#pragma once

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/memory.h"
#include "kernels/workloads/perception/bins.h"
#include "kernels/workloads/perception/layer.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kPoolThreads = 256;

struct Pooling {
  Bins bins;
  const std::uint32_t *first, *points;  // SortedPoints
  const Word128* features;              // four words a pixel
  Word128* pooled;                      // sixteen words a cell
  const std::int32_t* expected;         // of each frame and cell, the sum over its features
  memory::BadWordList* wrong_sums;
};

__device__ inline Word128 two_words(const std::int32_t* four) {
  const auto pair = [&](int i) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(four[i + 1])) << 32 |
           static_cast<std::uint32_t>(four[i]);
  };
  return {pair(0), pair(2)};
}

/// Four lanes a cell, sixteen features each.
static __global__ void __launch_bounds__(kPoolThreads) pool(Pooling p) {
  constexpr unsigned kMine = kCellFeatures / kLanesOfCell;
  const unsigned lanes_of_frame = p.bins.cells() * kLanesOfCell;
  const unsigned blocks_of_frame = (lanes_of_frame + kPoolThreads - 1) / kPoolThreads;
  const unsigned frame = blockIdx.x / blocks_of_frame, part = threadIdx.x % kLanesOfCell;
  const unsigned cell = (blockIdx.x % blocks_of_frame * kPoolThreads + threadIdx.x) / kLanesOfCell;
  const bool is_cell = cell < p.bins.cells();
  const Word128* const features = p.features + std::uint64_t{frame} * p.bins.pixels * kLanesOfCell + part;
  std::int32_t sums[kMine] = {};
  const std::uint32_t end = is_cell ? p.first[cell + 1] : 0;
#pragma unroll 4
  for (std::uint32_t i = is_cell ? p.first[cell] : 0; i < end; ++i) {
    const std::uint32_t point = p.points[i];
    const auto weight = static_cast<std::int32_t>(point >> kWeightShift);
    const std::uint32_t pixel = point & ((1u << kWeightShift) - 1);
    const Word128 word = cuda::load_past_l1(features + std::uint64_t{pixel} * kLanesOfCell);
#pragma unroll
    for (unsigned n = 0; n < kMine; ++n) sums[n] += weight * signed_byte(word, n);
  }
  std::int32_t all = 0;
#pragma unroll
  for (const std::int32_t sum : sums) all += sum;
#pragma unroll
  for (int with = 1; with < static_cast<int>(kLanesOfCell); with *= 2)
    all += __shfl_xor_sync(0xffffffffu, all, with);
  if (!is_cell) return;
  const std::uint64_t number = std::uint64_t{frame} * p.bins.cells() + cell;
  if (part == 0) {
    memory::compare(number, Word128{static_cast<std::uint32_t>(p.expected[number]), 0},
                    Word128{cuda::integer(static_cast<std::uint32_t>(all)), 0}, p.wrong_sums);
  }
  Word128* const out = p.pooled + (number * kLanesOfCell + part) * (kMine / 4);
#pragma unroll
  for (unsigned word = 0; word < kMine / 4; ++word)
    cuda::store_streaming(out + word, two_words(sums + 4 * word));
}

/// The sums over features of all cells, pixel by pixel as they come, unsorted. A thread a pixel of a frame.
static __global__ void __launch_bounds__(kPoolThreads)
    scatter(Bins bins, const Word128* features, std::uint64_t seed, std::int32_t* expected) {
  cuda::for_each_word<kPoolThreads>(std::uint64_t{bins.frames} * bins.pixels, [&](std::uint64_t i) {
    std::int32_t sum = 0;
    for (unsigned part = 0; part < kLanesOfCell; ++part) {
      const Word128 word = cuda::load_past_l1(features + i * kLanesOfCell + part);
      for (unsigned n = 0; n < sizeof(Word128); ++n) sum += signed_byte(word, n);
    }
    const auto frame = static_cast<unsigned>(i / bins.pixels), pixel = static_cast<unsigned>(i % bins.pixels);
    for (unsigned n = 0; n < bins.points_of_pixel; ++n) {
      const Point point = point_of(bins, pixel, n, seed);
      atomicAdd(expected + std::uint64_t{frame} * bins.cells() + point.cell,
                static_cast<std::int32_t>(point.weight) * sum);
    }
  });
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
