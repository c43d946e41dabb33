// Products of weights and a few tokens: each weight is read once, in pieces that lie in memory as the tensor
// cores read them. The inputs are split into a fixed number of parts, whose sums are added up in their order.
#pragma once

#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/workloads/transformer/grid.h"
#include "kernels/workloads/transformer/numbers.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kProductThreads = 128;  // a warp group
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

/// A block a panel of outputs and a split of the inputs.
__global__ void __launch_bounds__(kProductThreads, 3) multiply_by_tokens(DecodingProduct p) {
  struct Barriers {
    std::uint64_t full[kProductStages];
  };
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(Barriers, barriers);
  auto* const stages = reinterpret_cast<unsigned char*>(words);
  const std::uint32_t panel = blockIdx.x / p.splits, split = blockIdx.x % p.splits;
  const std::uint32_t all_pieces = p.inputs / kPieceInputs;
  const std::uint32_t first = all_pieces * split / p.splits,
                      count = all_pieces * (split + 1) / p.splits - first;
  const auto load = [&](std::uint32_t number) {
    unsigned char* const to = stages + number % kProductStages * (kPieceBytes + kOperandBytes);
    std::uint64_t* const full = &barriers.full[number % kProductStages];
    const std::uint64_t piece = std::uint64_t{panel} * all_pieces + first + number;
    cuda::expect_bytes(full, kPieceBytes + kOperandBytes);
    cuda::copy_to_shared(to, p.weights + piece * (kPieceBytes / sizeof(Word128)), kPieceBytes, full);
    cuda::copy_to_shared(to + kPieceBytes, p.operand + (first + number) * (kOperandBytes / sizeof(Word128)),
                         kOperandBytes, full);
  };
  if (threadIdx.x == 0) {
    for (std::uint64_t& full : barriers.full) cuda::byte_barrier_init(&full);
    for (std::uint32_t number = 0; number < kProductStages && number < count; ++number) load(number);
  }
  __syncthreads();
  constexpr cuda::WgmmaStrides kOfWeights{16 * kPanelRows, 128, 0}, kOfOperand{16 * kTokenColumns, 128, 0};
  std::uint32_t d[8] = {};
  for (std::uint32_t number = 0; number < count; ++number) {
    const std::uint32_t stage = number % kProductStages;
    while (!cuda::phase_ended(&barriers.full[stage], number / kProductStages % 2)) {
    }
    const std::uint32_t a = cuda::shared_address(stages + stage * (kPieceBytes + kOperandBytes)),
                        b = a + kPieceBytes;
    cuda::touch(d);
    cuda::wgmma_fence();
#pragma unroll
    for (std::uint32_t step = 0; step < kPieceInputs / 16; ++step)
      cuda::wgmma::Bf16N16::multiply(d, cuda::wgmma_descriptor(a + step * 32 * kPanelRows, kOfWeights),
                                     cuda::wgmma_descriptor(b + step * 32 * kTokenColumns, kOfOperand));
    cuda::wgmma_commit();
    cuda::wgmma_wait();
    cuda::touch(d);
    __syncthreads();  // all have read it
    if (threadIdx.x == 0 && number + kProductStages < count) load(number + kProductStages);
  }
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (unsigned i = 0; i < 8; ++i) {
    const std::uint32_t output = panel * kPanelRows + warp * 16 + lane / 4 + 8 * (i >> 1 & 1);
    const std::uint32_t token = 8 * (i >> 2) + 2 * (lane % 4) + (i & 1);
    p.sums[(std::uint64_t{split} * kTokenColumns + token) * p.outputs + output] = cuda::float_of(d[i]);
  }
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
}  // namespace assay::workloads
