// Causal attention of a prompt on the tensor cores, flash-attention's way (Dao et al., 2205.14135): pages of
// keys and values one after the other, in the order of their positions, with the greatest score so far and
// the sum of weights kept for each row.
//
// A warp group has a tile of queries, eight tokens of the eight heads that share keys and values; the groups
// of a block share what is loaded of these. Weights are rounded to bf16 before they are summed, so that they
// add up to one.
#pragma once

#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"
#include "kernels/workloads/transformer/ring.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kMostGroups = 2;

struct PrefillAttention {
  Layer layer;
  const Word128 *queries, *keys, *values;
  Rows out, probe;
  float factor;  // of scores: 1 / sqrt(head_dim), by log2(e)
};

template <unsigned kDim>
struct AttentionBlock {
  static constexpr unsigned kRows = 64, kStages = 2;
  static constexpr unsigned kHalves = kDim / 64;            // of the elements of a head
  static constexpr unsigned kTileBytes = kDim * kRows * 2;  // of queries, as of a page
  static constexpr unsigned kWeightBytes = kRows * kPageTokens * 2;
  static constexpr unsigned kStageBytes = 2 * kTileBytes;  // a page of keys, and of values
  using Pages = Ring<kStages, kStageBytes>;
  static constexpr std::size_t shared_bytes(unsigned groups) {
    return std::size_t{groups} * (kTileBytes + kWeightBytes) + kStages * kStageBytes;
  }
};

/// Of the two rows of a thread: eight below the first is the second.
struct RowState {
  float greatest[2], sum[2];
};

/// Makes weights of the scores, in shared memory; what has been summed so far is to be scaled by `scale`.
/// `seen`: keys of this page that the rows may look at.
__device__ inline void weigh(const std::uint32_t (&scores)[32], std::uint32_t seen, float factor,
                             RowState& state, float (&scale)[2], std::uint32_t* weights) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x % kGroupThreads / 32;
  constexpr float kLeast = -1e30f;
  const int limit = static_cast<int>(seen) - 2 * static_cast<int>(lane % 4);  // of this lane's first column
  float greatest[2] = {state.greatest[0], state.greatest[1]};
#pragma unroll
  for (unsigned i = 0; i < 32; ++i) {
    const int key = static_cast<int>(8 * (i >> 2) + (i & 1));
    const unsigned row = i >> 1 & 1;
    if (key < limit) greatest[row] = greater(greatest[row], cuda::float_of(scores[i]));
  }
  float offset[2], sum[2] = {0, 0};
#pragma unroll
  for (unsigned row = 0; row < 2; ++row) {
    greatest[row] = greater(greatest[row], __shfl_xor_sync(kAllLanes, greatest[row], 1));
    greatest[row] = greater(greatest[row], __shfl_xor_sync(kAllLanes, greatest[row], 2));
    scale[row] = exp2_of((state.greatest[row] - greatest[row]) * factor);
    offset[row] = -(greatest[row] * factor);
    state.greatest[row] = greatest[row];
  }
#pragma unroll
  for (unsigned i = 0; i < 32; i += 2) {
    const unsigned row = i >> 1 & 1;
    std::uint32_t pair = 0;
#pragma unroll
    for (unsigned n = 0; n < 2; ++n) {
      const int key = static_cast<int>(8 * (i >> 2) + n);
      const float score = key < limit ? cuda::float_of(scores[i + n]) : kLeast;
      const std::uint32_t weight = bf16_of(exp2_of(cuda::multiply_add(score, factor, offset[row])));
      sum[row] += float_of_bf16(weight);
      pair |= weight << 16 * n;
    }
    weights[(i >> 2) * 4 * 64 + (warp * 16 + lane / 4 + 8 * row) * 4 + lane % 4] = pair;
  }
#pragma unroll
  for (unsigned row = 0; row < 2; ++row)
    state.sum[row] = cuda::multiply_add(state.sum[row], scale[row], sum[row]);
}

/// The rows of a thread, divided by their sums.
template <unsigned kHalves>
__device__ void store_rows(const PrefillAttention& a, std::uint32_t position, std::uint32_t kv_head,
                           const RowState& state, const std::uint32_t (&out)[kHalves][32]) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x % kGroupThreads / 32;
  const bool is_probe = kv_head == a.layer.shape.kv_heads;
  const std::uint32_t chunks = a.layer.shape.chunks();
  const std::uint32_t token = position - a.layer.batch.position(0);
#pragma unroll
  for (unsigned row = 0; row < 2; ++row) {
    float sum = state.sum[row];
    sum += __shfl_xor_sync(kAllLanes, sum, 1);
    sum += __shfl_xor_sync(kAllLanes, sum, 2);
    const float by = reciprocal_of(sum);
    const std::uint32_t of_group = 2 * warp + row, head = is_probe ? of_group : kv_head * kGroup + of_group;
#pragma unroll
    for (unsigned half = 0; half < kHalves; ++half) {
#pragma unroll
      for (unsigned i = 2 * row; i < 32; i += 4) {
        const std::uint32_t pair =
            bf16_of(cuda::float_of(out[half][i]) * by) | bf16_of(cuda::float_of(out[half][i + 1]) * by) << 16;
        Word128* const word = (is_probe ? a.probe : a.out).at(token, head * chunks + half * 8 + i / 4);
        reinterpret_cast<std::uint32_t*>(word)[lane % 4] = pair;
      }
    }
  }
}

/// Weighted values that have been summed so far, of a tile.
template <unsigned kHalves>
struct Mixed {
  std::uint32_t of[kHalves][32];

  __device__ void clear() {
#pragma unroll
    for (unsigned half = 0; half < kHalves; ++half) {
#pragma unroll
      for (std::uint32_t& one : of[half]) one = 0;
    }
  }
  __device__ void scale(const float (&by)[2]) {
#pragma unroll
    for (unsigned half = 0; half < kHalves; ++half) {
#pragma unroll
      for (unsigned i = 0; i < 32; ++i)
        of[half][i] = cuda::bits_of(cuda::float_of(of[half][i]) * by[i >> 1 & 1]);
    }
  }
};

/// Which tiles a block has, of which head of keys: those with the most keys come first.
struct Share {
  std::uint32_t groups, kv_head, first_tile, pages;

  __device__ explicit Share(const Layer& layer) : groups(blockDim.x / kGroupThreads) {
    const std::uint32_t heads = layer.shape.all_kv_heads();
    kv_head = heads - 1 - blockIdx.x % heads;  // the probe's first
    first_tile = layer.batch.tiles() - groups * (blockIdx.x / heads + 1);
    pages = layer.batch.position((first_tile + groups) * 8 - 1) / kPageTokens + 1;
  }
};

/// Asks for all groups' tiles of queries. Of one thread.
template <unsigned kDim>
__device__ void ask_for_queries(const PrefillAttention& a, const Share& share, unsigned char* to,
                                std::uint64_t* full) {
  constexpr unsigned kBytes = AttentionBlock<kDim>::kTileBytes;
  cuda::byte_barrier_init(full);
  cuda::expect_bytes(full, share.groups * kBytes);
  for (unsigned group = 0; group < share.groups; ++group)
    cuda::copy_to_shared(to + group * kBytes,
                         a.queries + a.layer.tile(share.first_tile + group, share.kv_head), kBytes, full);
}

/// A block as many tiles as it has warp groups.
template <unsigned kDim>
__global__ void __launch_bounds__(kMostGroups* kGroupThreads, 2) attend_to_prompt(PrefillAttention a) {
  using Block = AttentionBlock<kDim>;
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(RingBarriers<Block::kStages>, barriers);
  ASSAY_SHARED(std::uint64_t, of_queries);
  const Share share(a.layer);
  const unsigned group = threadIdx.x / kGroupThreads;
  const typename Block::Pages ring{reinterpret_cast<unsigned char*>(words), &barriers};
  unsigned char* const queries = ring.stages + Block::kStages * Block::kStageBytes;
  unsigned char* const weights = queries + share.groups * Block::kTileBytes + group * Block::kWeightBytes;
  const auto fill = [&](std::uint32_t page, unsigned char* to, std::uint64_t* full) {
    const std::uint64_t from = a.layer.page(0, share.kv_head, page);
    cuda::copy_to_shared(to, a.keys + from, Block::kTileBytes, full);
    cuda::copy_to_shared(to + Block::kTileBytes, a.values + from, Block::kTileBytes, full);
  };
  if (threadIdx.x == 0) {
    ask_for_queries<kDim>(a, share, queries, &of_queries);
    ring.begin(share.pages, fill);
  }
  __syncthreads();
  while (!cuda::phase_ended(&of_queries, 0)) {
  }
  const std::uint32_t tile = cuda::shared_address(queries + group * Block::kTileBytes),
                      weights_at = cuda::shared_address(weights);
  Mixed<Block::kHalves> mixed;
  mixed.clear();
  RowState state{{-1e30f, -1e30f}, {0, 0}};
  std::uint32_t seen = a.layer.batch.position((share.first_tile + group) * 8 + threadIdx.x % 32 / 4) + 1;
  for (std::uint32_t page = 0; page < share.pages; ++page, seen -= kPageTokens) {
    const std::uint32_t keys = ring.wait_for(page), values = keys + Block::kTileBytes;
    std::uint32_t scores[32] = {};
    multiply_steps<cuda::wgmma::Bf16, kDim / 16>(scores, along_k<64>(tile), along_k<kPageTokens>(keys));
    float scale[2];
    weigh(scores, seen, a.factor, state, scale, reinterpret_cast<std::uint32_t*>(weights));
    mixed.scale(scale);
    cuda::fence_for_async();
    __syncthreads();  // the weights are there
#pragma unroll
    for (unsigned half = 0; half < Block::kHalves; ++half)
      multiply_steps<cuda::wgmma::Bf16TransposedB, kPageTokens / 16>(mixed.of[half], along_k<64>(weights_at),
                                                                     across_k(values + half * kBytesOfHalf));
    ring.empty(page, share.pages, fill);
  }
  store_rows<Block::kHalves>(a, seen + share.pages * kPageTokens - 1, share.kv_head, state, mixed.of);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
