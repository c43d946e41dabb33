// Attention of one token of each sequence over its cache, on the tensor cores: a block has a fixed number of
// pages of one head of keys, in which it finds the greatest score and sums weights and weighted values; a
// second pass joins these splits in their order (flash decoding).
//
// Keys are rows, and the eight query heads that share them are columns: nothing of the tensor cores' work is
// for queries that are not there. All keys of a split come first, then its values, through one ring of pages.
#pragma once

#include "kernels/workloads/decode/decode.h"
#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"
#include "kernels/workloads/transformer/ring.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kSplitWarps = kGroupThreads / 32;
inline constexpr unsigned kSplitStages = 6;

struct DecodingAttention {
  Layer layer;
  std::uint32_t pages_of_split, splits;
  const Word128 *queries, *keys, *values;
  float* parts;  // of each split (store_part())
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

/// Which keys a block has.
struct Split {
  std::uint32_t kv_head, sequence, number, first_page, pages, keys;  // pages: none where nothing is left

  __device__ explicit Split(const DecodingAttention& a) {
    const std::uint32_t heads = a.layer.shape.all_kv_heads();
    number = blockIdx.x % a.splits;
    kv_head = blockIdx.x / a.splits % heads;
    sequence = blockIdx.x / a.splits / heads;
    first_page = number * a.pages_of_split;
    const std::uint32_t length = a.layer.batch.length(sequence), before = first_page * kPageTokens,
                        most = a.pages_of_split * kPageTokens, left = length > before ? length - before : 0;
    keys = left < most ? left : most;
    pages = (keys + kPageTokens - 1) / kPageTokens;
  }
};

/// Scores of all pages, and the greatest of each column.
template <unsigned kDim, typename Pages, typename Fill>
__device__ void score(const Split& split, const Pages& ring, const Fill& fill, std::uint32_t queries,
                      std::uint32_t (&scores)[kMostPagesOfSplit][4], float (&greatest)[2]) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (std::uint32_t page = 0; page < kMostPagesOfSplit; ++page) {
    if (page >= split.pages) break;
    multiply_steps<cuda::wgmma::Bf16N8, kDim / 16>(scores[page], along_k<kPageTokens>(ring.wait_for(page)),
                                                   along_k<kGroup>(queries));
    ring.empty(page, 2 * split.pages, fill);
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
      if (page * kPageTokens + warp * 16 + lane / 4 + 8 * (i >> 1) < split.keys)
        greatest[i & 1] = greater(greatest[i & 1], cuda::float_of(scores[page][i]));
    }
  }
}

/// What a split leaves for the second pass: of each element the eight heads' sums of weighted values, then
/// their greatest scores, then their sums of weights.
template <unsigned kHalves>
__device__ void store_part(float* part, const std::uint32_t (&mixed)[kHalves][4], const OfWarps& of_warps) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (unsigned half = 0; half < kHalves; ++half) {
#pragma unroll
    for (unsigned i = 0; i < 4; ++i)
      part[(half * 64 + warp * 16 + lane / 4 + 8 * (i >> 1)) * kGroup + 2 * (lane % 4) + (i & 1)] =
          cuda::float_of(mixed[half][i]);
  }
  if (threadIdx.x >= kGroup) return;
  float sum = 0, greatest = of_warps.greatest[0][threadIdx.x];
#pragma unroll
  for (unsigned other = 0; other < kSplitWarps; ++other) {
    sum += of_warps.sum[other][threadIdx.x];
    greatest = greater(greatest, of_warps.greatest[other][threadIdx.x]);
  }
  part[kHalves * 64 * kGroup + threadIdx.x] = greatest;
  part[(kHalves * 64 + 1) * kGroup + threadIdx.x] = sum;
}

/// A block a split of a sequence and a head of keys.
template <unsigned kDim>
__global__ void __launch_bounds__(kGroupThreads, 2) attend_to_split(DecodingAttention a) {
  using Block = SplitBlock<kDim>;
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(RingBarriers<kSplitStages>, barriers);
  ASSAY_SHARED(OfWarps, of_warps);
  const Split split(a);
  if (split.pages == 0) return;
  const Ring<kSplitStages, Block::kPageBytes> ring{reinterpret_cast<unsigned char*>(words), &barriers};
  unsigned char* const queries = ring.stages + kSplitStages * Block::kPageBytes;
  unsigned char* const weights = queries + Block::kQueryBytes;
  const auto fill = [&](std::uint32_t number, unsigned char* to, std::uint64_t* full) {
    const bool of_keys = number < split.pages;  // then of values
    const std::uint32_t page = split.first_page + (of_keys ? number : number - split.pages);
    cuda::copy_to_shared(to,
                         (of_keys ? a.keys : a.values) + a.layer.page(split.sequence, split.kv_head, page),
                         Block::kPageBytes, full);
  };
  if (threadIdx.x == 0) ring.begin(2 * split.pages, fill);
  const Word128* const tile = a.queries + a.layer.tile(split.sequence, split.kv_head);
  for (unsigned i = threadIdx.x; i < Block::kQueryBytes / sizeof(Word128); i += kGroupThreads)
    reinterpret_cast<Word128*>(queries)[i] = cuda::load_past_l1(tile + i);
  cuda::fence_for_async();
  __syncthreads();

  std::uint32_t scores[kMostPagesOfSplit][4] = {};
  float greatest[2] = {-1e30f, -1e30f};
  score<kDim>(split, ring, fill, cuda::shared_address(queries), scores, greatest);
  share_greatest(greatest, of_warps);
  weigh_split(scores, split.keys, a.factor, greatest, reinterpret_cast<std::uint16_t*>(weights), of_warps);
  cuda::fence_for_async();
  __syncthreads();

  std::uint32_t mixed[Block::kHalves][4] = {};
  for (std::uint32_t page = 0; page < split.pages; ++page) {
    const std::uint32_t values = ring.wait_for(split.pages + page),
                        of_page = cuda::shared_address(weights + page * kPageTokens * kGroup * 2);
#pragma unroll
    for (unsigned half = 0; half < Block::kHalves; ++half)
      multiply_steps<cuda::wgmma::Bf16N8TransposedA, kPageTokens / 16>(
          mixed[half], across_k(values + half * kBytesOfHalf), along_k<kGroup>(of_page));
    ring.empty(split.pages + page, 2 * split.pages, fill);
  }
  store_part<Block::kHalves>(a.part(split.sequence, split.kv_head, split.number), mixed, of_warps);
}

/// A block a sequence and a head of keys, a thread eight elements of a query head.
__global__ void __launch_bounds__(kGroupThreads) join_splits(DecodingAttention a) {
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
}  // namespace assay::workloads::transformer
