// Causal attention of a prompt on the tensor cores, flash-attention's way (Dao et al., 2205.14135): pages of
// keys and values one after the other, in the order of their positions, with the greatest score so far and
// the sum of weights kept for each row.
//
// A warp group has a tile of queries, eight tokens of the eight heads that share keys and values; the groups
// of a block share what is loaded of these. Weights are rounded to bf16 before they are summed, so that they
// add up to one.
#pragma once

#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kGroupThreads = 128, kMostGroups = 2;

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
  static constexpr unsigned kStageBytes = 2 * kTileBytes;
  static constexpr std::size_t shared_bytes(unsigned groups) {
    return std::size_t{groups} * (kTileBytes + kWeightBytes) + kStages * kStageBytes;
  }
};

/// Rows along K, as they lie in a tile or a page: K in steps of 16 elements.
inline constexpr cuda::WgmmaStrides kAlongK{16 * 64, 128, 0};
inline constexpr std::uint32_t kBytesOfStep = 32 * 64;
/// A page of values, of which the keys are K: steps of 16 of them.
inline constexpr cuda::WgmmaStrides kAcrossK{128, 16 * 64, 0};
inline constexpr std::uint32_t kBytesOfKeyStep = 16 * 16;

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

/// d += A x B of so many steps.
template <typename Form, unsigned kSteps>
__device__ void multiply_steps(std::uint32_t (&d)[Form::kRegisters], std::uint32_t a, std::uint32_t a_step,
                               cuda::WgmmaStrides a_strides, std::uint32_t b, std::uint32_t b_step,
                               cuda::WgmmaStrides b_strides) {
  cuda::touch(d);
  cuda::wgmma_fence();
#pragma unroll
  for (unsigned step = 0; step < kSteps; ++step)
    Form::multiply(d, cuda::wgmma_descriptor(a + step * a_step, a_strides),
                   cuda::wgmma_descriptor(b + step * b_step, b_strides));
  cuda::wgmma_commit();
  cuda::wgmma_wait();
  cuda::touch(d);
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

struct AttentionBarriers {
  std::uint64_t queries, full[2];
};

/// A block so many tiles of a head of keys; those with the most keys come first.
template <unsigned kDim>
__global__ void __launch_bounds__(kMostGroups* kGroupThreads, 2) attend_to_prompt(PrefillAttention a) {
  using Block = AttentionBlock<kDim>;
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(AttentionBarriers, barriers);
  const unsigned groups = blockDim.x / kGroupThreads, group = threadIdx.x / kGroupThreads;
  auto* const stages = reinterpret_cast<unsigned char*>(words);
  unsigned char* const queries = stages + Block::kStages * Block::kStageBytes;
  unsigned char* const of_group = queries + groups * Block::kTileBytes + group * Block::kWeightBytes;
  const std::uint32_t heads = a.layer.shape.all_kv_heads(), kv_head = blockIdx.x % heads;
  const std::uint32_t first_tile = a.layer.batch.tiles() - groups * (blockIdx.x / heads + 1);
  std::uint32_t seen = a.layer.batch.position((first_tile + group) * 8 + threadIdx.x % 32 / 4) + 1;
  const std::uint32_t pages = a.layer.batch.position((first_tile + groups) * 8 - 1) / kPageTokens + 1;
  const auto load = [&](std::uint32_t page) {
    unsigned char* const to = stages + page % Block::kStages * Block::kStageBytes;
    std::uint64_t* const full = &barriers.full[page % Block::kStages];
    const std::uint64_t from = a.layer.page(0, kv_head, page);
    cuda::expect_bytes(full, Block::kStageBytes);
    cuda::copy_to_shared(to, a.keys + from, Block::kTileBytes, full);
    cuda::copy_to_shared(to + Block::kTileBytes, a.values + from, Block::kTileBytes, full);
  };
  if (threadIdx.x == 0) {
    cuda::byte_barrier_init(&barriers.queries);
    for (std::uint64_t& full : barriers.full) cuda::byte_barrier_init(&full);
    cuda::expect_bytes(&barriers.queries, groups * Block::kTileBytes);
    for (unsigned g = 0; g < groups; ++g)
      cuda::copy_to_shared(queries + g * Block::kTileBytes, a.queries + a.layer.tile(first_tile + g, kv_head),
                           Block::kTileBytes, &barriers.queries);
    for (std::uint32_t page = 0; page < Block::kStages && page < pages; ++page) load(page);
  }
  __syncthreads();
  const std::uint32_t of_queries = cuda::shared_address(queries + group * Block::kTileBytes),
                      of_weights = cuda::shared_address(of_group);
  std::uint32_t out[Block::kHalves][32];
#pragma unroll
  for (unsigned half = 0; half < Block::kHalves; ++half) {
#pragma unroll
    for (unsigned i = 0; i < 32; ++i) out[half][i] = 0;
  }
  RowState state{{-1e30f, -1e30f}, {0, 0}};
  while (!cuda::phase_ended(&barriers.queries, 0)) {
  }
  for (std::uint32_t page = 0; page < pages; ++page) {
    const std::uint32_t stage = page % Block::kStages;
    while (!cuda::phase_ended(&barriers.full[stage], page / Block::kStages % 2)) {
    }
    const std::uint32_t keys = cuda::shared_address(stages + stage * Block::kStageBytes),
                        values = keys + Block::kTileBytes;
    std::uint32_t scores[32] = {};
    multiply_steps<cuda::wgmma::Bf16, kDim / 16>(scores, of_queries, kBytesOfStep, kAlongK, keys,
                                                 kBytesOfStep, kAlongK);
    float scale[2];
    weigh(scores, seen, a.factor, state, scale, reinterpret_cast<std::uint32_t*>(of_group));
#pragma unroll
    for (unsigned half = 0; half < Block::kHalves; ++half) {
#pragma unroll
      for (unsigned i = 0; i < 32; ++i)
        out[half][i] = cuda::bits_of(cuda::float_of(out[half][i]) * scale[i >> 1 & 1]);
    }
    cuda::fence_for_async();
    __syncthreads();  // the weights are there
#pragma unroll
    for (unsigned half = 0; half < Block::kHalves; ++half)
      multiply_steps<cuda::wgmma::Bf16TransposedB, kPageTokens / 16>(
          out[half], of_weights, kBytesOfStep, kAlongK, values + half * 8 * 16 * kPageTokens, kBytesOfKeyStep,
          kAcrossK);
    __syncthreads();  // all have read the page, and the weights
    if (threadIdx.x == 0 && page + Block::kStages < pages) load(page + Block::kStages);
    seen -= kPageTokens;
  }
  store_rows<Block::kHalves>(a, seen + pages * kPageTokens - 1, kv_head, state, out);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
