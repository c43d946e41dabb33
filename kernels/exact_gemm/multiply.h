// The multiplication: blocks take tiles by turns, pieces of the operands come by bulk copies, several on the
// way at a time.
#pragma once

#include "kernels/cuda_support.h"
#include "kernels/exact_gemm/panels.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/mma.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"

namespace assay::compute {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kGemmGroupThreads = 128, kMostGemmGroups = 2;
inline constexpr std::uint32_t kStages = 4;
static_assert(std::size_t{kStages} * (kMostGemmGroups + 1) * kPieceBytes <= cuda::kSharedBytesOfOneBlock);

struct GemmParameters {
  const unsigned char *a, *b;
  void* c;                    // rows() x columns(), row by row
  std::uint32_t* sm_of_tile;  // tiles()
  GemmShape shape;
  unsigned shift;
};

/// A warp group's part of a tile, 64 x 64, by wgmma.
template <typename Form, Datapath kType>
class WgmmaTile {
 public:
  __device__ void clear() {
#pragma unroll
    for (int i = 0; i < Form::kRegisters; ++i) d_[i] = 0;
  }
  __device__ void multiply(const unsigned char* a, const unsigned char* b) {
    constexpr cuda::WgmmaStrides kStrides{16 * kPanelRows, 128, 0};
    const std::uint32_t at_a = cuda::shared_address(a), at_b = cuda::shared_address(b);
    cuda::touch(d_);
    cuda::wgmma_fence();
#pragma unroll
    for (std::uint32_t step = 0; step < kChunkBytes / 32; ++step) {
      Form::multiply(d_, cuda::wgmma_descriptor(at_a + step * 32 * kPanelRows, kStrides),
                     cuda::wgmma_descriptor(at_b + step * 32 * kPanelRows, kStrides));
    }
    cuda::wgmma_commit();
    cuda::wgmma_wait();
    cuda::touch(d_);
  }
  /// Calls put(row, column, bits) for each element of this thread.
  template <typename Put>
  __device__ void for_each(const Put& put) const {
    const unsigned thread = threadIdx.x % kGemmGroupThreads, warp = thread / 32, lane = thread % 32;
#pragma unroll
    for (unsigned i = 0; i < Form::kRegisters; ++i)
      put(16 * warp + lane / 4 + 8 * (i >> 1 & 1), 8 * (i >> 2) + 2 * (lane % 4) + (i & 1), d_[i]);
  }

 private:
  std::uint32_t d_[Form::kRegisters];
};

/// The same by mma of doubles: a warp has 16 rows and all 64 columns.
class DoubleTile {
 public:
  __device__ void clear() {
#pragma unroll
    for (auto& of_row : d_) {
#pragma unroll
      for (auto& tile : of_row) tile[0] = tile[1] = 0;
    }
  }
  __device__ void multiply(const unsigned char* a, const unsigned char* b) {
    const unsigned warp = threadIdx.x % kGemmGroupThreads / 32, lane = threadIdx.x % 32;
    for (unsigned k = lane % 4; k < kChunkBytes / 8; k += 4) {
      double of_a[kRowTiles], of_b[kColumnTiles];
#pragma unroll
      for (unsigned i = 0; i < kRowTiles; ++i) of_a[i] = at(a, 16 * warp + 8 * i + lane / 4, k);
#pragma unroll
      for (unsigned j = 0; j < kColumnTiles; ++j) of_b[j] = at(b, 8 * j + lane / 4, k);
#pragma unroll
      for (unsigned i = 0; i < kRowTiles; ++i) {
#pragma unroll
        for (unsigned j = 0; j < kColumnTiles; ++j) cuda::mma_f64(of_a[i], of_b[j], d_[i][j]);
      }
    }
    cuda::fence_for_async();  // the next copy writes where these reads were
  }
  template <typename Put>
  __device__ void for_each(const Put& put) const {
    const unsigned warp = threadIdx.x % kGemmGroupThreads / 32, lane = threadIdx.x % 32;
#pragma unroll
    for (unsigned i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (unsigned j = 0; j < kColumnTiles; ++j) {
#pragma unroll
        for (unsigned n = 0; n < 2; ++n)
          put(16 * warp + 8 * i + lane / 4, 8 * j + 2 * (lane % 4) + n, cuda::bits_of(d_[i][j][n]));
      }
    }
  }

 private:
  static constexpr unsigned kRowTiles = 2, kColumnTiles = 8;
  __device__ static double at(const unsigned char* piece, unsigned row, unsigned k) {
    return *reinterpret_cast<const double*>(piece + Elements<Datapath::tensor_fp64>::place(row, k));
  }
  double d_[kRowTiles][kColumnTiles][2];
};

struct StageBarriers {
  std::uint64_t full[kStages];
};

template <typename Tile, Datapath kType>
__global__ void __launch_bounds__(kMostGemmGroups* kGemmGroupThreads, 1) multiply_tiles(GemmParameters p) {
  ASSAY_DYNAMIC_SHARED(words);
  ASSAY_SHARED(StageBarriers, barriers);
  auto* const stages = reinterpret_cast<unsigned char*>(words);
  const unsigned groups = p.shape.groups, group = threadIdx.x / kGemmGroupThreads;
  const std::size_t stage_bytes = std::size_t{groups + 1} * kPieceBytes;
  if (threadIdx.x == 0) {
    for (std::uint64_t& full : barriers.full) cuda::byte_barrier_init(&full);
  }
  __syncthreads();
  const unsigned row_tiles = p.shape.row_panels / groups;
  std::uint32_t parities = 0;  // of the phases that are waited for, a bit a stage
  Tile mine;
  for (unsigned number = blockIdx.x; number < p.shape.tiles(); number += gridDim.x) {
    const unsigned tile = (number + p.shift) % p.shape.tiles();
    const unsigned first_panel = tile % row_tiles * groups, column_panel = tile / row_tiles;
    const auto load = [&](std::uint32_t chunk) {
      const std::uint32_t stage = chunk % kStages;
      unsigned char* const to = stages + stage * stage_bytes;
      cuda::expect_bytes(&barriers.full[stage], static_cast<std::uint32_t>(stage_bytes));
      for (unsigned g = 0; g <= groups; ++g) {
        const bool of_b = g == groups;
        const std::uint64_t panel = of_b ? column_panel : first_panel + g;
        const std::uint64_t piece = panel * p.shape.chunks + chunk;
        cuda::copy_to_shared(to + std::size_t{g} * kPieceBytes, (of_b ? p.b : p.a) + piece * kPieceBytes,
                             kPieceBytes, &barriers.full[stage]);
      }
    };
    if (threadIdx.x == 0) {
      for (std::uint32_t chunk = 0; chunk < kStages && chunk < p.shape.chunks; ++chunk) load(chunk);
    }
    mine.clear();
    for (std::uint32_t chunk = 0; chunk < p.shape.chunks; ++chunk) {
      const std::uint32_t stage = chunk % kStages;
      while (!cuda::phase_ended(&barriers.full[stage], parities >> stage & 1)) {
      }
      parities ^= 1u << stage;
      const unsigned char* const pieces = stages + stage * stage_bytes;
      mine.multiply(pieces + std::size_t{group} * kPieceBytes, pieces + std::size_t{groups} * kPieceBytes);
      __syncthreads();  // all have read it
      if (threadIdx.x == 0 && chunk + kStages < p.shape.chunks) load(chunk + kStages);
    }
    const std::uint64_t columns = p.shape.columns();
    const std::uint64_t first_row = std::uint64_t{first_panel + group} * kPanelRows;
    auto* const c = static_cast<typename Result<kType>::Bits*>(p.c);
    mine.for_each([&](unsigned row, unsigned column, auto bits) {
      c[(first_row + row) * columns + std::uint64_t{column_panel} * kPanelRows + column] = bits;
    });
    if (threadIdx.x == 0) p.sm_of_tile[tile] = cuda::sm_id();
  }
}

}  // namespace ASSAY_TARGET
}  // namespace assay::compute
