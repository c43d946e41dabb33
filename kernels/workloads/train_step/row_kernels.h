// What is done row by row: norms, softmax, the loss, and their derivatives.
#pragma once

#include "kernels/workloads/train_step/numbers.h"
#include "kernels/workloads/train_step/records.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

inline constexpr float kNormFloor = 0x1p-20F;
inline constexpr float kLog2OfE = 0x1.715476p+0F, kLnOf2 = 0x1.62e43p-1F;

__device__ inline float exponential(float x) {
  return cuda::special<cuda::Special::exp2>(times(x, kLog2OfE));
}
/// 1 / |x|, as the norm has it, of the sum of squares.
__device__ inline float inverse_norm(float squares, unsigned width) {
  return 1 / sqrtf(plus(squares / static_cast<float>(width), kNormFloor));
}

template <typename R>
__global__ void __launch_bounds__(R::kThreads) norm(const float* x, std::uint16_t* normed, unsigned width) {
  const std::uint64_t begin = std::uint64_t{R::row()} * width;
  Eight mine[R::kEights];
  float squares = 0;
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n) {
    mine[n] = load_eight(x + begin + R::element(n));
#pragma unroll
    for (const float value : mine[n].of) squares = cuda::multiply_add(value, value, squares);
  }
  const float inverse = inverse_norm(R::sum(squares), width);
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n) {
#pragma unroll
    for (float& value : mine[n].of) value = times(value, inverse);
    store_eight(normed + begin + R::element(n), mine[n]);
  }
}

struct NormBackward {
  const float *x, *d_normed;
  const float* beside;  // what comes past the norm, null where nothing does
  float* d_x;
  std::uint16_t* d_x_as_bf16;
  unsigned width;
};

/// d_x = beside + r (d_normed - x r^2 (x . d_normed) / width)
template <typename R>
__global__ void __launch_bounds__(R::kThreads) norm_backward(NormBackward p) {
  const std::uint64_t begin = std::uint64_t{R::row()} * p.width;
  Eight x[R::kEights], d[R::kEights];
  float squares = 0, along = 0;
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n) {
    x[n] = load_eight(p.x + begin + R::element(n));
    d[n] = load_eight(p.d_normed + begin + R::element(n));
#pragma unroll
    for (unsigned i = 0; i < kEight; ++i) {
      squares = cuda::multiply_add(x[n].of[i], x[n].of[i], squares);
      along = cuda::multiply_add(x[n].of[i], d[n].of[i], along);
    }
  }
  const float inverse = inverse_norm(R::sum(squares), p.width);
  const float part = times(times(inverse, inverse), R::sum(along) / static_cast<float>(p.width));
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n) {
    const std::uint64_t at = begin + R::element(n);
    Eight beside{};
    if (p.beside != nullptr) beside = load_eight(p.beside + at);
#pragma unroll
    for (unsigned i = 0; i < kEight; ++i) {
      const float across = cuda::multiply_add(x[n].of[i], -part, d[n].of[i]);
      d[n].of[i] = cuda::multiply_add(across, inverse, beside.of[i]);
    }
    store_eight(p.d_x + at, d[n]);
    store_eight(p.d_x_as_bf16 + at, d[n]);
  }
}

/// Of each query over the keys up to its own place. Of a row of bf16 that adds up to 1, each is off by 2^-8
/// of itself at most, and what fp32 adds to that, some hundred roundings of 2^-24, is far less than 2^-12.
inline constexpr float kMostOfSum = 0x1p-8F + 0x1p-12F;

template <typename R>
__global__ void __launch_bounds__(R::kThreads) softmax(const float* scores, std::uint16_t* probabilities,
                                                       unsigned length, float scale, StepRecord* record) {
  const std::uint64_t begin = std::uint64_t{R::row()} * length + R::element(0);
  const unsigned query = R::row() % length;
  Eight mine = load_eight(scores + begin);
  float greatest = -INFINITY;
#pragma unroll
  for (unsigned i = 0; i < kEight; ++i) {
    const bool is_seen = R::element(0) + i <= query;
    mine.of[i] = is_seen ? times(mine.of[i], scale) : -INFINITY;
    if (mine.of[i] > greatest) greatest = mine.of[i];
  }
  greatest = R::greatest(greatest);
  float sum = 0;
#pragma unroll
  for (float& value : mine.of) {
    value = value == -INFINITY ? 0 : exponential(plus(value, -greatest));
    sum = plus(sum, value);
  }
  const float inverse = 1 / R::sum(sum);
#pragma unroll
  for (float& value : mine.of) value = times(value, inverse);
  store_eight(probabilities + begin, mine);
  float stored = 0;
#pragma unroll
  for (const float value : mine.of) stored = plus(stored, value);
  stored = R::sum(stored);
  if (R::lane() == 0 && !is_within(plus(stored, -1), kMostOfSum)) atomicAdd(&record->wrong_attention, 1u);
}

/// d_scores = P (dP - (P . dP)) scale
template <typename R>
__global__ void __launch_bounds__(R::kThreads)
    softmax_backward(const std::uint16_t* probabilities, const float* d_probabilities,
                     std::uint16_t* d_scores, unsigned length, float scale) {
  const std::uint64_t begin = std::uint64_t{R::row()} * length + R::element(0);
  const Eight p = load_eight(probabilities + begin);
  Eight d = load_eight(d_probabilities + begin);
  float dot = 0;
#pragma unroll
  for (unsigned i = 0; i < kEight; ++i) dot = cuda::multiply_add(p.of[i], d.of[i], dot);
  dot = R::sum(dot);
#pragma unroll
  for (unsigned i = 0; i < kEight; ++i) d.of[i] = times(times(p.of[i], plus(d.of[i], -dot)), scale);
  store_eight(d_scores + begin, d);
}

/// What is to be 0: a token's probabilities, and -1 for the word that came. Their magnitudes add up to 2 at
/// most.
inline constexpr float kMostOfGradientSum = 2 * kMostOfSum;

struct Loss {
  const float* logits;
  const std::uint32_t* next;
  std::uint16_t* d_logits;  // of the mean loss
  unsigned vocabulary;
  float share_of_token;  // a power of two: 1 / tokens
  StepRecord* record;
};

/// calls use(number, eight logits) for all that the thread has of its row.
template <typename R, typename Use>
__device__ void for_each_eight(const float* row, unsigned length, const Use& use) {
  for (unsigned n = 0; n < length / (R::kLanes * kEight); ++n) use(n, load_eight(row + R::element(n)));
}

template <typename R>
__global__ void __launch_bounds__(R::kThreads) loss(Loss p) {
  const std::uint64_t begin = std::uint64_t{R::row()} * p.vocabulary;
  const std::uint32_t next = p.next[R::row()];
  float greatest = -INFINITY;
  for_each_eight<R>(p.logits + begin, p.vocabulary, [&](unsigned, const Eight& logits) {
#pragma unroll
    for (const float logit : logits.of) greatest = logit > greatest ? logit : greatest;
  });
  greatest = R::greatest(greatest);
  float sum = 0;
  for_each_eight<R>(p.logits + begin, p.vocabulary, [&](unsigned, const Eight& logits) {
#pragma unroll
    for (const float logit : logits.of) sum = plus(sum, exponential(plus(logit, -greatest)));
  });
  sum = R::sum(sum);
  const float inverse = 1 / sum;
  float stored = 0;
  for_each_eight<R>(p.logits + begin, p.vocabulary, [&](unsigned n, const Eight& logits) {
    Eight d;
#pragma unroll
    for (unsigned i = 0; i < kEight; ++i) {
      const float probability = times(exponential(plus(logits.of[i], -greatest)), inverse);
      const float due = R::element(n) + i == next ? -1.0F : 0.0F;
      d.of[i] = times(plus(probability, due), p.share_of_token);
    }
    store_eight(p.d_logits + begin + R::element(n), d);
#pragma unroll
    for (const float value : d.of) stored = plus(stored, value);
  });
  stored = R::sum(stored) / p.share_of_token;
  if (R::lane() != 0) return;
  if (!is_within(stored, kMostOfGradientSum)) atomicAdd(&p.record->wrong_gradients, 1u);
  const float log_of_sum = times(cuda::special<cuda::Special::log2>(sum), kLnOf2);
  const float mine = plus(plus(log_of_sum, greatest), -p.logits[begin + next]);
  if (!is_within(mine, kMostLoss)) {
    atomicAdd(&p.record->losses_out_of_range, 1u);
    return;
  }
  atomicAdd(&p.record->loss, static_cast<Sum>(static_cast<long long>(times(mine, kUnitsOfLoss))));
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
