// Products of weights and a few tokens: each weight is read once, in pieces that lie in memory as the tensor
// cores read them. The inputs are split into a fixed number of parts, whose sums are added up in their order.
#pragma once

#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"
#include "kernels/workloads/transformer/ring.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

inline constexpr std::uint32_t kPanelRows = 64, kTokenColumns = 16, kPieceInputs = 64;
inline constexpr std::uint32_t kPieceBytes = kPanelRows * kPieceInputs * 2,
                               kOperandBytes = kTokenColumns * kPieceInputs * 2;
/// 70 KiB of a block, of which an SM has three: some ten times what the memory has under way to it.
inline constexpr unsigned kProductStages = 7;
inline constexpr std::size_t kProductSharedBytes =
    std::size_t{kProductStages} * (kPieceBytes + kOperandBytes);

struct DecodingProduct {
  /// Of 64 outputs, eight inputs of each one after the other, the next eight behind them; then the next 64.
  const Word128* weights;
  /// Eight inputs of each of 16 tokens, then the next eight.
  const Word128* operand;
  float* sums;  // of each split, of each token, of each output
  std::uint32_t outputs, inputs, splits;
};

/// The sums of a split of the inputs, of 64 outputs.
__device__ inline void store_sums(const DecodingProduct& p, std::uint32_t panel, std::uint32_t split,
                                  const std::uint32_t (&d)[8]) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (unsigned i = 0; i < 8; ++i) {
    const std::uint32_t output = panel * kPanelRows + warp * 16 + lane / 4 + 8 * (i >> 1 & 1);
    const std::uint32_t token = 8 * (i >> 2) + 2 * (lane % 4) + (i & 1);
    p.sums[(std::uint64_t{split} * kTokenColumns + token) * p.outputs + output] = cuda::float_of(d[i]);
  }
}

/// A block a panel of outputs and a split of the inputs.
__global__ void __launch_bounds__(kGroupThreads, 3) multiply_by_tokens(DecodingProduct p) {
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(RingBarriers<kProductStages>, barriers);
  const Ring<kProductStages, kPieceBytes + kOperandBytes> ring{reinterpret_cast<unsigned char*>(words),
                                                               &barriers};
  const std::uint32_t panel = blockIdx.x / p.splits, split = blockIdx.x % p.splits;
  const std::uint32_t all_pieces = p.inputs / kPieceInputs;
  const std::uint32_t first = all_pieces * split / p.splits,
                      pieces = all_pieces * (split + 1) / p.splits - first;
  const auto fill = [&](std::uint32_t number, unsigned char* to, std::uint64_t* full) {
    const std::uint64_t piece = std::uint64_t{panel} * all_pieces + first + number;
    cuda::copy_to_shared(to, p.weights + piece * (kPieceBytes / sizeof(Word128)), kPieceBytes, full);
    cuda::copy_to_shared(to + kPieceBytes, p.operand + (first + number) * (kOperandBytes / sizeof(Word128)),
                         kOperandBytes, full);
  };
  if (threadIdx.x == 0) ring.begin(pieces, fill);
  __syncthreads();
  std::uint32_t d[8] = {};
  for (std::uint32_t number = 0; number < pieces; ++number) {
    const std::uint32_t weights = ring.wait_for(number);
    multiply_steps<cuda::wgmma::Bf16N16, kPieceInputs / 16>(d, along_k<kPanelRows>(weights),
                                                            along_k<kTokenColumns>(weights + kPieceBytes));
    ring.empty(number, pieces, fill);
  }
  store_sums(p, panel, split, d);
}

/// The splits' sums, one after the other, as bf16. A thread eight outputs of a token.
__global__ void __launch_bounds__(kThreads)
    add_up_splits(const float* sums, Rows product, std::uint32_t tokens, std::uint32_t outputs,
                  std::uint32_t splits) {
  const std::uint32_t words = outputs / kPerWord;
  for_each_of(std::uint64_t{tokens} * words, [&](std::uint64_t i) {
    const auto token = static_cast<std::uint32_t>(i / words), word = static_cast<std::uint32_t>(i % words);
    Eight sum{};
#pragma unroll 1
    for (std::uint32_t split = 0; split < splits; ++split) {
      const auto* const four = reinterpret_cast<const Word128*>(
          sums + (std::uint64_t{split} * kTokenColumns + token) * outputs + std::uint64_t{word} * kPerWord);
#pragma unroll
      for (unsigned n = 0; n < 2; ++n) {
        const Word128 floats = cuda::load_past_l1(four + n);
        sum.of[4 * n] += cuda::float_of(static_cast<std::uint32_t>(floats.low));
        sum.of[4 * n + 1] += cuda::float_of(static_cast<std::uint32_t>(floats.low >> 32));
        sum.of[4 * n + 2] += cuda::float_of(static_cast<std::uint32_t>(floats.high));
        sum.of[4 * n + 3] += cuda::float_of(static_cast<std::uint32_t>(floats.high >> 32));
      }
    }
    product.store(token, word, word_of(sum));
  });
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
