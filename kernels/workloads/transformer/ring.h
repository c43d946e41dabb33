// How operands come to the tensor cores: a ring of stages in shared memory, which bulk copies fill and a
// block empties in turn, and products of what lies there. For device code.
//
// Operands lie without a swizzle: eight elements of a row after the other (PTX ISA 9.0, "Strides").
#pragma once

#include "kernels/instructions/bulk_copy.h"
#include "kernels/instructions/sm.h"
#include "kernels/instructions/wgmma.h"
#include "kernels/workloads/transformer/layer.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {

inline constexpr unsigned kGroupThreads = 128;  // that wgmma takes

template <unsigned kCount>
struct RingBarriers {
  std::uint64_t full[kCount];
};

/// Pieces are numbered from 0. `fill(number, stage, full)` asks for one, by one thread.
template <unsigned kStages, unsigned kBytes>
struct Ring {
  unsigned char* stages;
  RingBarriers<kStages>* barriers;

  __device__ unsigned char* stage(std::uint32_t number) const { return stages + number % kStages * kBytes; }
  template <typename Fill>
  __device__ void ask_for(std::uint32_t number, const Fill& fill) const {
    std::uint64_t* const full = &barriers->full[number % kStages];
    cuda::expect_bytes(full, kBytes);
    fill(number, stage(number), full);
  }
  /// Of one thread, before a barrier of the block.
  template <typename Fill>
  __device__ void begin(std::uint32_t pieces, const Fill& fill) const {
    for (std::uint64_t& full : barriers->full) cuda::byte_barrier_init(&full);
    for (std::uint32_t number = 0; number < kStages && number < pieces; ++number) ask_for(number, fill);
  }
  /// Its address in shared memory, once it is there.
  __device__ std::uint32_t wait_for(std::uint32_t number) const {
    while (!cuda::phase_ended(&barriers->full[number % kStages], number / kStages % 2)) {
    }
    return cuda::shared_address(stage(number));
  }
  /// Of all threads, which need this piece no more.
  template <typename Fill>
  __device__ void empty(std::uint32_t number, std::uint32_t pieces, const Fill& fill) const {
    __syncthreads();
    if (threadIdx.x == 0 && number + kStages < pieces) ask_for(number + kStages, fill);
  }
};

/// Of an operand: where it begins, and from one step of K to the next.
struct Operand {
  std::uint32_t address, step;
  cuda::WgmmaStrides strides;
};

/// Elements of K lie within the rows.
template <std::uint32_t kRows>
__device__ Operand along_k(std::uint32_t address) {
  return {address, 32 * kRows, {16 * kRows, 128, 0}};
}
/// Rows of a page are K.
__device__ inline Operand across_k(std::uint32_t address) {
  return {address, 16 * 16, {128, 16 * kPageTokens, 0}};
}

/// From the first 64 elements of a page's rows to the others.
inline constexpr std::uint32_t kBytesOfHalf = 64 / kPerWord * kPageTokens * sizeof(Word128);

/// d += A x B, of so many steps of 16.
template <typename Form, unsigned kSteps>
__device__ void multiply_steps(std::uint32_t (&d)[Form::kRegisters], const Operand& a, const Operand& b) {
  cuda::touch(d);
  cuda::wgmma_fence();
#pragma unroll
  for (std::uint32_t step = 0; step < kSteps; ++step)
    Form::multiply(d, cuda::wgmma_descriptor(a.address + step * a.step, a.strides),
                   cuda::wgmma_descriptor(b.address + step * b.step, b.strides));
  cuda::wgmma_commit();
  cuda::wgmma_wait();
  cuda::touch(d);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
