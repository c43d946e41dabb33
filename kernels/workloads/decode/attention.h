// Attention of one token of each sequence over its cache, on the tensor cores: a block has a fixed number of
// pages of one head of keys, in which it finds the greatest score and sums weights and weighted values; a
// second pass joins these splits in their order (flash decoding).
//
// Keys are rows, and the eight query heads that share them are columns: nothing of the tensor cores' work is
// for queries that are not there. All keys of a split come first, then its values, through one ring of pages.
#pragma once

#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/workloads/decode/decode.h"
#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kSplitThreads = 128, kSplitWarps = kSplitThreads / 32;  // a warp group
inline constexpr unsigned kSplitStages = 6;

struct DecodingAttention {
  Layer layer;
  std::uint32_t pages_of_split, splits;
  const Word128 *queries, *keys, *values;
  float* parts;  // of each split (SplitPart)
  Rows out, probe;
  float factor;  // of scores: 1 / sqrt(head_dim), by log2(e)

  __device__ float* part(std::uint32_t sequence, std::uint32_t kv_head, std::uint32_t split) const {
    const std::uint64_t number =
        (std::uint64_t{sequence} * layer.shape.all_kv_heads() + kv_head) * splits + split;
    return parts + number * (layer.shape.head_dim + 2) * kGroup;
  }
  /// Of the splits, those in which the sequence has keys.
  __device__ std::uint32_t splits_of(std::uint32_t sequence) const {
    const std::uint32_t each = pages_of_split * kPageTokens;
    return (layer.batch.length(sequence) + each - 1) / each;
  }
};

template <unsigned kDim>
struct SplitBlock {
  static constexpr unsigned kHalves = kDim / 64;
  static constexpr unsigned kPageBytes = kDim * kPageTokens * 2, kQueryBytes = kDim * kGroup * 2;
  static constexpr unsigned kWeightBytes = kMostPagesOfSplit * kPageTokens * kGroup * 2;
  static constexpr std::size_t kSharedBytes =
      std::size_t{kSplitStages} * kPageBytes + kQueryBytes + kWeightBytes;
};

/// Of each of the eight columns, over all warps.
struct OfWarps {
  float greatest[kSplitWarps][kGroup], sum[kSplitWarps][kGroup];
};

/// Lanes that are a multiple of four apart have the same two columns.
__device__ inline void share_greatest(float (&mine)[2], OfWarps& of_warps) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (unsigned n = 0; n < 2; ++n) {
#pragma unroll
    for (int distance = 4; distance < 32; distance *= 2)
      mine[n] = greater(mine[n], __shfl_xor_sync(kAllLanes, mine[n], distance));
    if (lane < 4) of_warps.greatest[warp][2 * lane + n] = mine[n];
  }
  __syncthreads();
#pragma unroll
  for (unsigned n = 0; n < 2; ++n) {
    mine[n] = of_warps.greatest[0][2 * (lane % 4) + n];
#pragma unroll
    for (unsigned other = 1; other < kSplitWarps; ++other)
      mine[n] = greater(mine[n], of_warps.greatest[other][2 * (lane % 4) + n]);
  }
}

/// Weights of all scores, as columns of keys; sums of them for each warp. `keys`: those that are there.
__device__ inline void weigh_split(const std::uint32_t (&scores)[kMostPagesOfSplit][4], std::uint32_t keys,
                                   float factor, const float (&greatest)[2], std::uint16_t* weights,
                                   OfWarps& of_warps) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float sum[2] = {0, 0};
  const float offset[2] = {-(greatest[0] * factor), -(greatest[1] * factor)};
#pragma unroll
  for (std::uint32_t page = 0; page < kMostPagesOfSplit; ++page) {
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint32_t key = page * kPageTokens + warp * 16 + lane / 4 + 8 * (i >> 1);
      const unsigned n = i & 1;
      const float exact = exp2_of(cuda::multiply_add(cuda::float_of(scores[page][i]), factor, offset[n]));
      const std::uint32_t weight = key < keys ? bf16_of(exact) : 0;
      sum[n] += float_of_bf16(weight);
      weights[key / 8 * 64 + (2 * (lane % 4) + n) * 8 + key % 8] = static_cast<std::uint16_t>(weight);
    }
  }
#pragma unroll
  for (unsigned n = 0; n < 2; ++n) {
#pragma unroll
    for (int distance = 4; distance < 32; distance *= 2)
      sum[n] += __shfl_xor_sync(kAllLanes, sum[n], distance);
    if (lane < 4) of_warps.sum[warp][2 * lane + n] = sum[n];
  }
}

/// d += A x B of so many steps of 16.
template <typename Form, unsigned kSteps>
__device__ void multiply_columns(std::uint32_t (&d)[4], std::uint32_t a, std::uint32_t a_step,
                                 cuda::WgmmaStrides a_strides, std::uint32_t b) {
  constexpr cuda::WgmmaStrides kOfColumns{16 * kGroup, 128, 0};
  cuda::touch(d);
  cuda::wgmma_fence();
#pragma unroll
  for (std::uint32_t step = 0; step < kSteps; ++step)
    Form::multiply(d, cuda::wgmma_descriptor(a + step * a_step, a_strides),
                   cuda::wgmma_descriptor(b + step * 32 * kGroup, kOfColumns));
  cuda::wgmma_commit();
  cuda::wgmma_wait();
  cuda::touch(d);
}

/// A block a split of a sequence and a head of keys.
template <unsigned kDim>
__global__ void __launch_bounds__(kSplitThreads, 2) attend_to_split(DecodingAttention a) {
  using Block = SplitBlock<kDim>;
  struct Barriers {
    std::uint64_t full[kSplitStages];
  };
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(Barriers, barriers);
  ASSAY_SHARED(OfWarps, of_warps);
  const std::uint32_t heads = a.layer.shape.all_kv_heads(), split = blockIdx.x % a.splits;
  const std::uint32_t kv_head = blockIdx.x / a.splits % heads, sequence = blockIdx.x / a.splits / heads;
  const std::uint32_t length = a.layer.batch.length(sequence), first_page = split * a.pages_of_split;
  if (first_page * kPageTokens >= length) return;
  const std::uint32_t keys = length - first_page * kPageTokens;  // of the following splits, too
  const std::uint32_t all_pages = (keys + kPageTokens - 1) / kPageTokens;
  const std::uint32_t pages = all_pages < a.pages_of_split ? all_pages : a.pages_of_split;
  auto* const stages = reinterpret_cast<unsigned char*>(words);
  unsigned char* const queries = stages + kSplitStages * Block::kPageBytes;
  unsigned char* const weights = queries + Block::kQueryBytes;
  const auto load = [&](std::uint32_t number) {  // of keys first, then of values
    const bool of_keys = number < pages;
    const std::uint64_t page =
        a.layer.page(sequence, kv_head, first_page + (of_keys ? number : number - pages));
    std::uint64_t* const full = &barriers.full[number % kSplitStages];
    cuda::expect_bytes(full, Block::kPageBytes);
    cuda::copy_to_shared(stages + number % kSplitStages * Block::kPageBytes,
                         (of_keys ? a.keys : a.values) + page, Block::kPageBytes, full);
  };
  if (threadIdx.x == 0) {
    for (std::uint64_t& full : barriers.full) cuda::byte_barrier_init(&full);
    for (std::uint32_t number = 0; number < kSplitStages && number < 2 * pages; ++number) load(number);
  }
  const Word128* const tile = a.queries + a.layer.tile(sequence, kv_head);
  for (unsigned i = threadIdx.x; i < Block::kQueryBytes / sizeof(Word128); i += kSplitThreads)
    reinterpret_cast<Word128*>(queries)[i] = cuda::load_past_l1(tile + i);
  cuda::fence_for_async();
  __syncthreads();
  const auto wait_for = [&](std::uint32_t number) {
    while (!cuda::phase_ended(&barriers.full[number % kSplitStages], number / kSplitStages % 2)) {
    }
    return cuda::shared_address(stages + number % kSplitStages * Block::kPageBytes);
  };
  const auto go_on = [&](std::uint32_t number) {
    __syncthreads();  // all have read it
    if (threadIdx.x == 0 && number + kSplitStages < 2 * pages) load(number + kSplitStages);
  };

  std::uint32_t scores[kMostPagesOfSplit][4] = {};
  float greatest[2] = {-1e30f, -1e30f};
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  constexpr cuda::WgmmaStrides kRowsOfKeys{16 * kPageTokens, 128, 0},
      kRowsOfElements{128, 16 * kPageTokens, 0};
#pragma unroll
  for (std::uint32_t page = 0; page < kMostPagesOfSplit; ++page) {
    if (page >= pages) break;
    multiply_columns<cuda::wgmma::Bf16N8, kDim / 16>(scores[page], wait_for(page), 32 * kPageTokens,
                                                     kRowsOfKeys, cuda::shared_address(queries));
    go_on(page);
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
      if (page * kPageTokens + warp * 16 + lane / 4 + 8 * (i >> 1) < keys)
        greatest[i & 1] = greater(greatest[i & 1], cuda::float_of(scores[page][i]));
    }
  }
  share_greatest(greatest, of_warps);
  const std::uint32_t keys_here = keys < pages * kPageTokens ? keys : pages * kPageTokens;
  weigh_split(scores, keys_here, a.factor, greatest, reinterpret_cast<std::uint16_t*>(weights), of_warps);
  cuda::fence_for_async();
  __syncthreads();

  std::uint32_t out[Block::kHalves][4] = {};
  for (std::uint32_t page = 0; page < pages; ++page) {
    const std::uint32_t values = wait_for(pages + page);
#pragma unroll
    for (unsigned half = 0; half < Block::kHalves; ++half)
      multiply_columns<cuda::wgmma::Bf16N8TransposedA, kPageTokens / 16>(
          out[half], values + half * 8 * 16 * kPageTokens, 16 * 16, kRowsOfElements,
          cuda::shared_address(weights + page * kPageTokens * kGroup * 2));
    go_on(pages + page);
  }
  float* const part = a.part(sequence, kv_head, split);
#pragma unroll
  for (unsigned half = 0; half < Block::kHalves; ++half) {
#pragma unroll
    for (unsigned i = 0; i < 4; ++i)
      part[(half * 64 + warp * 16 + lane / 4 + 8 * (i >> 1)) * kGroup + 2 * (lane % 4) + (i & 1)] =
          cuda::float_of(out[half][i]);
  }
  if (threadIdx.x >= kGroup) return;
  float sum = 0, most = of_warps.greatest[0][threadIdx.x];
#pragma unroll
  for (unsigned other = 0; other < kSplitWarps; ++other) {
    sum += of_warps.sum[other][threadIdx.x];
    most = greater(most, of_warps.greatest[other][threadIdx.x]);
  }
  part[kDim * kGroup + threadIdx.x] = most;
  part[(kDim + 1) * kGroup + threadIdx.x] = sum;
}

/// A block a sequence and a head of keys, a thread eight elements of a query head.
__global__ void __launch_bounds__(kSplitThreads) join_splits(DecodingAttention a) {
  const std::uint32_t heads = a.layer.shape.all_kv_heads(), dim = a.layer.shape.head_dim;
  const std::uint32_t kv_head = blockIdx.x % heads, sequence = blockIdx.x / heads;
  const std::uint32_t head = threadIdx.x % kGroup, chunk = threadIdx.x / kGroup;
  const std::uint32_t splits = a.splits_of(sequence);
  float greatest = -1e30f, sum = 0;
  for (std::uint32_t split = 0; split < splits; ++split)
    greatest = greater(greatest, a.part(sequence, kv_head, split)[dim * kGroup + head]);
  Eight total{};
  for (std::uint32_t split = 0; split < splits; ++split) {
    const float* const part = a.part(sequence, kv_head, split);
    const float scale = exp2_of((part[dim * kGroup + head] - greatest) * a.factor);
    sum = cuda::multiply_add(part[(dim + 1) * kGroup + head], scale, sum);
#pragma unroll
    for (unsigned i = 0; i < kPerWord; ++i)
      total.of[i] = cuda::multiply_add(part[(chunk * kPerWord + i) * kGroup + head], scale, total.of[i]);
  }
  const float by = reciprocal_of(sum);
#pragma unroll
  for (float& one : total.of) one = one * by;
  const bool is_probe = kv_head == a.layer.shape.kv_heads;
  const std::uint32_t column = is_probe ? head : kv_head * kGroup + head;
  (is_probe ? a.probe : a.out).store(sequence, column * a.layer.shape.chunks() + chunk, word_of(total));
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
