// The tensor cores' instructions for a block's threads: fragments, descriptors and swizzles as PTX ISA 9.0
// lays them out ("Matrix fragments for mma", "Register fragments and shared memory matrix layouts",
// "Strides", "Swizzling modes", "Matrix descriptor format"), sums as tensor_arithmetic.h has them.
//
// wgmma is asynchronous. Here operands are read, and accumulators written, when the group waits: until then
// the accumulators hold other bits, so that who uses them too early, or writes over an operand, is found out.
// Not shown: a fence.proxy.async that is missing.
#pragma once

#include <cstdint>

#include "harness/node_sim/cuda_emulation/grid.h"
#include "harness/node_sim/cuda_emulation/tensor_arithmetic.h"

namespace assay::cuda_emulation {

inline constexpr int kWgmmaRows = 64, kWgmmaBytesOfK = 32;

/// wgmma.mma_async m64nNk(32 bytes), D of 32 bits: D = A x B + D, both operands in shared memory.
struct WgmmaForm {
  TensorType a, b;
  int columns;                                  // N; a thread has half as many registers of D
  bool a_mn_major = false, b_mn_major = false;  // of 16-bit types; otherwise K-major
};

void wgmma_fence(Where where);
/// `d`: of this thread, columns / 2 registers. KernelError without a fence since the last wait, or with
/// another form while one is in flight.
void wgmma(const WgmmaForm& form, std::uint32_t* d, std::uint64_t a_descriptor, std::uint64_t b_descriptor,
           Where where);
void wgmma_commit(Where where);
/// Of all groups that were committed. KernelError where something was not.
void wgmma_wait(Where where);

/// mma.sync of one warp: m16n8k(32 bytes), .row.col; 4 registers of A, 2 of B, 4 of D.
void mma(TensorType a_type, TensorType b_type, const std::uint32_t* a, const std::uint32_t* b,
         std::uint32_t* d, Where where);
/// mma.sync m8n8k4 of doubles: one register of A and of B, two of D.
void mma_f64(double a, double b, double* d, Where where);

}  // namespace assay::cuda_emulation
