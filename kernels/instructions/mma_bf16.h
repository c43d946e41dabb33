// mma.sync of bf16, and what brings its operands from shared memory into registers: PTX ISA 9.0, "Matrix
// fragments for mma.m16n8k16", "ldmatrix".
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/bulk_copy.h"

namespace assay::cuda {
inline namespace ASSAY_TARGET {

#if defined(__CUDACC__)

/// m16n8k16: D = A x B + D.
__device__ inline void mma_bf16(const std::uint32_t (&a)[4], std::uint32_t b_first, std::uint32_t b_second,
                                float (&d)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_first), "r"(b_second));
}

/// Four matrices of 8 x 8 elements of 16 bits: lane l has of each row l / 4, elements 2 (l % 4) and the next,
/// or the same of the matrix transposed. row_of(i): where in shared memory row i % 8 of matrix i / 8 lies.
template <bool kTransposed, typename RowOf>
__device__ void load_matrices(std::uint32_t (&to)[4], const RowOf& row_of) {
  const std::uint32_t mine = shared_address(row_of(threadIdx.x % 32));
  if constexpr (kTransposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(mine)
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(mine)
                 : "memory");
  }
}

/// Two floats as bf16, to the nearest even: the first in the lower half.
__device__ inline std::uint32_t to_bf16(float low, float high) {
  std::uint32_t both = 0;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
}

#elif defined(ASSAY_CUDA_EMULATION)

inline void mma_bf16(const std::uint32_t (&a)[4], std::uint32_t b_first, std::uint32_t b_second,
                     float (&d)[4], cuda_emulation::Where where = cuda_emulation::Where::current()) {
  const std::uint32_t b[2] = {b_first, b_second};
  std::uint32_t bits[4];
  std::memcpy(bits, d, sizeof(bits));
  cuda_emulation::mma(TensorType::bf16, TensorType::bf16, a, b, bits, where);
  std::memcpy(d, bits, sizeof(bits));
}

template <bool kTransposed, typename RowOf>
void load_matrices(std::uint32_t (&to)[4], const RowOf& row_of) {
  const unsigned lane = cuda_emulation::lane_of_this_thread(), across = 2 * (lane % 4), along = lane / 4;
  for (unsigned matrix = 0; matrix < 4; ++matrix) {
    std::uint16_t two[2];
    for (unsigned i = 0; i < 2; ++i) {
      const unsigned row = kTransposed ? across + i : along, element = kTransposed ? along : across + i;
      std::memcpy(&two[i], static_cast<const unsigned char*>(row_of(8 * matrix + row)) + 2 * element, 2);
    }
    to[matrix] = two[0] | static_cast<std::uint32_t>(two[1]) << 16;
  }
}

inline std::uint32_t to_bf16(float low, float high) {
  const auto one = [](float value) {
    const std::uint32_t bits = bits_of(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;  // NaN
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  };
  return one(low) | one(high) << 16;
}

#endif

__device__ inline float of_bf16(std::uint32_t bits) {
  return float_of(bits << 16);
}

}  // namespace ASSAY_TARGET
}  // namespace assay::cuda
