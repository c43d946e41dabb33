// The convolution, as products on the tensor cores: a block has a tile of positions by filters. Chunks of
// channels come by bulk copies, several on the way at a time; each is nine products, whose operands of
// positions overlap.
#pragma once

#include "kernels/bad_words.h"
#include "kernels/cuda_support.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/memory.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/workloads/perception/layer.h"

namespace assay::workloads {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kGroupThreads = 128, kMostGroups = 4;
inline constexpr unsigned kMostStages = 4;

struct Convolution {
  Layer layer;
  const Word128* input;
  const unsigned char* weights;
  Word128* output;
  /// Of each tile of filters and position, what the sums over its filters must come to, modulo 2^32.
  const std::uint32_t* expected;
  memory::BadWordList* wrong_sums;  // those that do not
};

ASSAY_HD constexpr unsigned stages_of(const Layer& layer) {
  return layer.chunks() < kMostStages ? layer.chunks() : kMostStages;
}
/// Positions that a tile's taps reach.
ASSAY_HD constexpr unsigned span_of(const Layer& layer) {
  return layer.rows_of_tile() + 2 * layer.rim();
}
ASSAY_HD constexpr std::uint32_t bytes_of_span(const Layer& layer) {
  return span_of(layer) * kChannelsOfWord;
}
ASSAY_HD constexpr std::uint32_t bytes_of_tap(const Layer& layer) {
  return layer.filters_of_tile * kChannelsOfChunk;
}
ASSAY_HD constexpr std::uint32_t bytes_of_stage(const Layer& layer) {
  return 2 * bytes_of_span(layer) + kTaps * bytes_of_tap(layer);
}

/// Of one thread: asks for a chunk.
__device__ inline void load_chunk(const Convolution& p, unsigned first_row, unsigned filter_tile,
                                  unsigned chunk, unsigned char* to, std::uint64_t* full) {
  const std::uint32_t span_bytes = bytes_of_span(p.layer);
  const std::uint32_t weight_bytes = kTaps * bytes_of_tap(p.layer);
  cuda::expect_bytes(full, 2 * span_bytes + weight_bytes);
  for (unsigned half = 0; half < 2; ++half) {
    const Word128* const from = p.input + p.layer.word(2 * chunk + half, first_row) - p.layer.rim();
    cuda::copy_to_shared(to + half * span_bytes, from, span_bytes, full);
  }
  const std::uint64_t piece = std::uint64_t{filter_tile} * p.layer.chunks() + chunk;
  cuda::copy_to_shared(to + 2 * span_bytes, p.weights + piece * weight_bytes, weight_bytes, full);
}

/// Nine products of a group's 64 positions by a chunk.
template <typename Form>
__device__ void multiply_chunk(std::uint32_t (&d)[Form::kRegisters], const Layer& layer, unsigned group,
                               const unsigned char* stage) {
  const cuda::WgmmaStrides of_input{bytes_of_span(layer), 128, 0};
  const cuda::WgmmaStrides of_weights{layer.filters_of_tile * kChannelsOfWord, 128, 0};
  const std::uint32_t input = cuda::shared_address(stage) + group * kRowsOfGroup * kChannelsOfWord;
  const std::uint32_t weights = cuda::shared_address(stage) + 2 * bytes_of_span(layer);
  cuda::touch(d);
  cuda::wgmma_fence();
#pragma unroll
  for (unsigned tap = 0; tap < kTaps; ++tap) {
    const auto from_rim =
        static_cast<std::uint32_t>(static_cast<int>(layer.rim()) + layer.distance(tap)) * kChannelsOfWord;
    Form::multiply(d, cuda::wgmma_descriptor(input + from_rim, of_input),
                   cuda::wgmma_descriptor(weights + tap * bytes_of_tap(layer), of_weights));
  }
  cuda::wgmma_commit();
  cuda::wgmma_wait();
  cuda::touch(d);
}

/// Of four lanes, each of which has four words: lane q's answer is word q of all four, by whose it is.
__device__ inline void exchange(const std::uint32_t (&mine)[4], std::uint32_t (&by_lane)[4]) {
  const unsigned quarter = threadIdx.x % 4;
  const auto picked = [&](const std::uint32_t(&words)[4], unsigned i) {
    const std::uint32_t low = (i & 1) != 0 ? words[1] : words[0], high = (i & 1) != 0 ? words[3] : words[2];
    return (i & 2) != 0 ? high : low;
  };
  std::uint32_t from[4];  // from lane q ^ n
  from[0] = picked(mine, quarter);
#pragma unroll
  for (unsigned n = 1; n < 4; ++n)
    from[n] = __shfl_xor_sync(0xffffffffu, picked(mine, quarter ^ n), static_cast<int>(n));
#pragma unroll
  for (unsigned lane = 0; lane < 4; ++lane) by_lane[lane] = picked(from, lane ^ quarter);
}

/// A thread has two rows. Of one: the sum over its tile's filters, added up by four lanes.
template <typename Form>
__device__ void compare_sum(const std::uint32_t (&d)[Form::kRegisters], unsigned half, const Convolution& p,
                            unsigned filter_tile, unsigned position) {
  std::uint32_t sum = 0;
#pragma unroll
  for (unsigned i = 0; i < Form::kRegisters / 4; ++i) sum += d[4 * i + 2 * half] + d[4 * i + 2 * half + 1];
#pragma unroll
  for (int with = 1; with < 4; with *= 2) sum += __shfl_xor_sync(0xffffffffu, sum, with);
  if (threadIdx.x % 4 != 0) return;
  const std::uint64_t number = std::uint64_t{filter_tile} * p.layer.rows() + position;
  memory::compare(number, Word128{p.expected[number], 0}, Word128{cuda::integer(sum), 0}, p.wrong_sums);
}

/// Its results of 16 filters, four of which it has.
template <typename Form>
__device__ std::uint32_t packed_results(const std::uint32_t (&d)[Form::kRegisters], unsigned half,
                                        unsigned sixteen, unsigned shift) {
  std::uint32_t packed = 0;
#pragma unroll
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned at = 8 * sixteen + 4 * (i / 2) + 2 * half + i % 2;
    const int result = result_of_sum(static_cast<std::int32_t>(d[at]), shift);
    packed |= (static_cast<std::uint32_t>(result) & 0xff) << 8 * i;
  }
  return packed;
}

/// And stores it: a lane of four each fourth word of 16 filters.
template <typename Form>
__device__ void store_row(const std::uint32_t (&d)[Form::kRegisters], unsigned half, const Convolution& p,
                          unsigned filter_tile, unsigned position) {
  const bool is_pixel = p.layer.is_pixel(position);
#pragma unroll
  for (unsigned four = 0; four < Form::kColumns / 64; ++four) {
    std::uint32_t packed[4], by_lane[4];
#pragma unroll
    for (unsigned n = 0; n < 4; ++n)
      packed[n] = is_pixel ? packed_results<Form>(d, half, 4 * four + n, p.layer.shift) : 0;
    exchange(packed, by_lane);
    Word128 word{0, 0};
#pragma unroll
    for (unsigned lane = 0; lane < 4; ++lane) {
      word.low |= static_cast<std::uint64_t>(by_lane[lane] & 0xffff) << 16 * lane;
      word.high |= static_cast<std::uint64_t>(by_lane[lane] >> 16) << 16 * lane;
    }
    const unsigned sixteen = filter_tile * (Form::kColumns / kChannelsOfWord) + 4 * four + threadIdx.x % 4;
    cuda::store_streaming(p.output + p.layer.word(sixteen, position), word);
  }
}

struct FullBarriers {
  std::uint64_t of[kMostStages];
};

template <typename Form>
__global__ void __launch_bounds__(kMostGroups* kGroupThreads, Form::kColumns == 64 ? 2 : 1)
    convolve(Convolution p) {
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(FullBarriers, full);
  auto* const stages = reinterpret_cast<unsigned char*>(words);
  const std::uint32_t stage_bytes = bytes_of_stage(p.layer);
  const unsigned filter_tile = blockIdx.x % p.layer.filter_tiles();
  const unsigned first_row = blockIdx.x / p.layer.filter_tiles() * p.layer.rows_of_tile();
  const unsigned count = stages_of(p.layer), group = threadIdx.x / kGroupThreads;
  const auto load = [&](unsigned chunk) {
    load_chunk(p, first_row, filter_tile, chunk, stages + chunk % count * stage_bytes,
               &full.of[chunk % count]);
  };
  if (threadIdx.x == 0) {
    for (unsigned i = 0; i < count; ++i) cuda::byte_barrier_init(&full.of[i]);
    for (unsigned chunk = 0; chunk < count; ++chunk) load(chunk);
  }
  __syncthreads();
  std::uint32_t d[Form::kRegisters];
#pragma unroll
  for (unsigned i = 0; i < Form::kRegisters; ++i) d[i] = 0;
  for (unsigned chunk = 0; chunk < p.layer.chunks(); ++chunk) {
    while (!cuda::phase_ended(&full.of[chunk % count], chunk / count & 1)) {
    }
    multiply_chunk<Form>(d, p.layer, group, stages + chunk % count * stage_bytes);
    __syncthreads();  // all have read it
    if (threadIdx.x == 0 && chunk + count < p.layer.chunks()) load(chunk + count);
  }
  const unsigned row = group * kRowsOfGroup + threadIdx.x % kGroupThreads / 32 * 16 + threadIdx.x % 32 / 4;
#pragma unroll
  for (unsigned half = 0; half < 2; ++half) {
    compare_sum<Form>(d, half, p, filter_tile, first_row + row + 8 * half);
    store_row<Form>(d, half, p, filter_tile, first_row + row + 8 * half);
  }
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads
