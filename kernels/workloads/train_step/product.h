// Products of matrices by mma.sync: one block a tile of D, each element of which one thread adds up, in the
// order of K.
#pragma once

#include "kernels/cuda_support.h"
#include "kernels/instructions/async_copy.h"
#include "kernels/instructions/mma_bf16.h"
#include "kernels/instructions/sm.h"
#include "kernels/workloads/train_step/numbers.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

/// A stack of matrices: number z lies z / `inner_count` times `outer`, and z % `inner_count` times `inner`
/// behind the first, `pitch` from line to line. All in elements.
struct Stack {
  unsigned pitch;
  std::uint64_t outer = 0, inner = 0;

  __device__ std::uint64_t place(unsigned z, unsigned inner_count) const {
    return z / inner_count * outer + z % inner_count * inner;
  }
};

struct Operand {
  const std::uint16_t* data;  // bf16
  Stack stack;
};

/// What becomes of an element of D.
enum class Finish {
  to_bf16,
  to_float,
  add,             // to what is in `beside`: floats
  relu_squared,    // as it is to `second`, max(0, it)^2 to D: both bf16
  relu_backwards,  // times the derivative of that, at what is in `beside`: bf16
};

struct Product {
  Operand a, b;
  unsigned m, n, k, batches, inner_count;
  void* d;
  Stack of_d;
  Finish finish;
  const void* beside;     // lies as D does
  std::uint16_t* second;  // lies as D does
};

/// Sizes of a tile, its warps and its stages; and how many a block has, each with warps of its own.
template <unsigned kRows, unsigned kColumns, unsigned kDepth, unsigned kWarpsDown, unsigned kWarpsAcross,
          unsigned kStagesOf, unsigned kOfBlock>
struct Tile {
  static constexpr unsigned kTilesOfBlock = kOfBlock;
  static constexpr unsigned kM = kRows, kN = kColumns, kK = kDepth, kStages = kStagesOf;
  static constexpr unsigned kDown = kWarpsDown, kAcross = kWarpsAcross;
  static constexpr unsigned kThreads = 32 * kWarpsDown * kWarpsAcross;
  static constexpr unsigned kWarpM = kM / kWarpsDown, kWarpN = kN / kWarpsAcross;
  static constexpr unsigned kBytesOfA = 2 * kM * kK, kBytesOfB = 2 * kN * kK;
  static constexpr unsigned kSharedBytes = kStages * (kBytesOfA + kBytesOfB);
};
using TileOfCard = Tile<kTileRows, kTileColumns, kTileDepth, 4, 2, 3, 1>;
/// A warp each, and as many as an SM has parts.
using SmallTile = Tile<16, 16, 16, 1, 1, 2, kSubPartitions>;

/// A tile of an operand in shared memory, as it lies in memory: lines along K, or (kAcrossK) along M or N.
/// Eight neighbouring lines have their 16 bytes of one column in different banks.
template <unsigned kRows, unsigned kK, bool kAcrossK, unsigned kThreads>
class Panel {
 public:
  __device__ static void load(unsigned char* to, const std::uint16_t* from, unsigned pitch) {
#pragma unroll
    for (unsigned i = threadIdx.x % kThreads; i < kLines * kChunks; i += kThreads) {
      const unsigned line = i / kChunks, chunk = i % kChunks;
      cuda::copy_word_to_shared(to + place(line, chunk),
                                from + std::uint64_t{line} * pitch + chunk * kInChunk);
    }
  }
  /// Where the panel begins that has this row and this k.
  __device__ static std::uint64_t begin(unsigned row, unsigned k, unsigned pitch) {
    return kAcrossK ? std::uint64_t{k} * pitch + row : std::uint64_t{row} * pitch + k;
  }
  /// Four matrices, of 16 rows by 16 of K: the two bits of a matrix's number say which half of each.
  template <unsigned kRowBit>
  __device__ static void load_fragments(std::uint32_t (&to)[4], const unsigned char* panel, unsigned row,
                                        unsigned k) {
    cuda::load_matrices<kAcrossK>(to, [&](unsigned number) {
      const unsigned matrix = number / 8, along = number % 8;
      const unsigned row_half = matrix >> kRowBit & 1, k_half = matrix >> (1 - kRowBit) & 1;
      return kAcrossK ? panel + place(k + 8 * k_half + along, row / kInChunk + row_half)
                      : panel + place(row + 8 * row_half + along, k / kInChunk + k_half);
    });
  }

 private:
  static constexpr unsigned kInChunk = 8;
  static constexpr unsigned kLines = kAcrossK ? kK : kRows, kChunks = (kAcrossK ? kRows : kK) / kInChunk;
  static constexpr unsigned kLinesOfBanks = kChunks < 8 ? 8 / kChunks : 1;
  static constexpr unsigned kSwizzle = (kChunks < 8 ? kChunks : 8) - 1;
  static_assert((kLines * kChunks) % kThreads == 0);

  __device__ static unsigned place(unsigned line, unsigned chunk) {
    return 16 * (line * kChunks + (chunk ^ (line / kLinesOfBanks & kSwizzle)));
  }
};

/// Two neighbours of a line of D.
__device__ inline void finish_two(const Product& p, std::uint64_t at, float first, float second) {
  std::uint32_t* const halves = static_cast<std::uint32_t*>(p.d) + at / 2;
  float* const floats = static_cast<float*>(p.d) + at;
  switch (p.finish) {
    case Finish::to_bf16:
      *halves = cuda::to_bf16(first, second);
      return;
    case Finish::to_float:
      store_two(floats, {first, second});
      return;
    case Finish::add: {
      const Two beside = load_two(static_cast<const float*>(p.beside) + at);
      store_two(floats, {plus(beside.first, first), plus(beside.second, second)});
      return;
    }
    case Finish::relu_squared: {
      reinterpret_cast<std::uint32_t*>(p.second)[at / 2] = cuda::to_bf16(first, second);
      const float a = positive(first), b = positive(second);
      *halves = cuda::to_bf16(times(a, a), times(b, b));
      return;
    }
    case Finish::relu_backwards: {
      const std::uint32_t both = static_cast<const std::uint32_t*>(p.beside)[at / 2];
      const float a = positive(cuda::of_bf16(both & 0xffffu)), b = positive(cuda::of_bf16(both >> 16));
      *halves = cuda::to_bf16(times(first, times(2, a)), times(second, times(2, b)));
      return;
    }
  }
}

template <typename T, bool kAcrossA, bool kAcrossB>
__global__ void __launch_bounds__(T::kThreads* T::kTilesOfBlock, 1) multiply(Product p) {
  using PanelOfA = Panel<T::kM, T::kK, kAcrossA, T::kThreads>;
  using PanelOfB = Panel<T::kN, T::kK, kAcrossB, T::kThreads>;
  constexpr unsigned kTilesM = T::kWarpM / 16, kTilesN = T::kWarpN / 8;
  ASSAY_DYNAMIC_SHARED(words);
  const unsigned group = threadIdx.x / T::kThreads;
  unsigned char* const of_a = reinterpret_cast<unsigned char*>(words) + group * T::kSharedBytes;
  unsigned char* const of_b = of_a + T::kStages * T::kBytesOfA;

  const unsigned down = p.m / T::kM, across = p.n / T::kN, tiles = down * across * p.batches;
  const unsigned number = blockIdx.x * T::kTilesOfBlock + group, tile = number % (down * across);
  const unsigned z = number / (down * across);
  const unsigned row = tile % down * T::kM, column = tile / down * T::kN;
  // One that has no tile waits with the others.
  const unsigned chunks = p.k / T::kK, loaded = number < tiles ? chunks : 0;
  const std::uint16_t* const a = p.a.data + p.a.stack.place(z, p.inner_count);
  const std::uint16_t* const b = p.b.data + p.b.stack.place(z, p.inner_count);
  const auto load = [&](unsigned chunk) {
    const unsigned stage = chunk % T::kStages, k = chunk * T::kK;
    PanelOfA::load(of_a + stage * T::kBytesOfA, a + PanelOfA::begin(row, k, p.a.stack.pitch),
                   p.a.stack.pitch);
    PanelOfB::load(of_b + stage * T::kBytesOfB, b + PanelOfB::begin(column, k, p.b.stack.pitch),
                   p.b.stack.pitch);
  };

  float d[kTilesM][kTilesN][4];
#pragma unroll
  for (auto& of_row : d) {
#pragma unroll
    for (auto& fragment : of_row) fragment[0] = fragment[1] = fragment[2] = fragment[3] = 0;
  }
  const unsigned warp = threadIdx.x % T::kThreads / 32, lane = threadIdx.x % 32;
  const unsigned warp_row = warp % T::kDown * T::kWarpM, warp_column = warp / T::kDown * T::kWarpN;
  for (unsigned chunk = 0; chunk + 1 < T::kStages; ++chunk) {
    if (chunk < loaded) load(chunk);
    cuda::commit_copies();
  }
#pragma unroll 1
  for (unsigned chunk = 0; chunk < chunks; ++chunk) {
    cuda::wait_for_copies<T::kStages - 2>();
    __syncthreads();  // what others copied is there, and all have read the stage that is written next
    if (chunk + T::kStages - 1 < loaded) load(chunk + T::kStages - 1);
    cuda::commit_copies();
    if (number >= tiles) continue;
    const unsigned char* const panel_a = of_a + chunk % T::kStages * T::kBytesOfA;
    const unsigned char* const panel_b = of_b + chunk % T::kStages * T::kBytesOfB;
#pragma unroll
    for (unsigned k = 0; k < T::kK; k += 16) {
      std::uint32_t fragments_a[kTilesM][4], fragments_b[kTilesN / 2][4];
#pragma unroll
      for (unsigned i = 0; i < kTilesM; ++i)
        PanelOfA::template load_fragments<0>(fragments_a[i], panel_a, warp_row + 16 * i, k);
#pragma unroll
      for (unsigned j = 0; j < kTilesN / 2; ++j)
        PanelOfB::template load_fragments<1>(fragments_b[j], panel_b, warp_column + 16 * j, k);
#pragma unroll
      for (unsigned i = 0; i < kTilesM; ++i) {
#pragma unroll
        for (unsigned j = 0; j < kTilesN; ++j)
          cuda::mma_bf16(fragments_a[i], fragments_b[j / 2][j % 2 * 2], fragments_b[j / 2][j % 2 * 2 + 1],
                         d[i][j]);
      }
    }
  }
  if (number >= tiles) return;
  const std::uint64_t begin = p.of_d.place(z, p.inner_count);
#pragma unroll
  for (unsigned i = 0; i < kTilesM; ++i) {
#pragma unroll
    for (unsigned j = 0; j < kTilesN; ++j) {
#pragma unroll
      for (unsigned half = 0; half < 2; ++half) {
        const unsigned at_row = row + warp_row + 16 * i + lane / 4 + 8 * half;
        const unsigned at_column = column + warp_column + 8 * j + 2 * (lane % 4);
        finish_two(p, begin + std::uint64_t{at_row} * p.of_d.pitch + at_column, d[i][j][2 * half],
                   d[i][j][2 * half + 1]);
      }
    }
  }
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
