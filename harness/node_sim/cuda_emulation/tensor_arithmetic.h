// What a tensor core makes of one row and one column, to the last bit.
//
// Hopper's rule, as measured (reports/evidence/2026-11-26-h200-2; NVIDIA specifies neither order nor
// rounding): the products of one instruction and the accumulator are cut off a fixed number of bits behind
// the greatest exponent, where a product's is the sum of its operands', are added exactly, and the sum is cut
// off to the result's mantissa. Integers are added exactly, modulo 2^32. fp64 is a chain of fused
// multiply-adds in the order of K.
#pragma once

#include <cstdint>

namespace assay::cuda_emulation {

/// As PTX names them ("Alternate floating-point data formats").
enum class TensorType { bf16, f16, tf32, e4m3, e5m2, s8, u8 };

int bytes_of(TensorType type);
bool is_integer(TensorType type);

/// D of one element: `accumulator` and the result are bits of an f32, or of an s32 where the types are
/// integers. `a` and `b` are the bits of so many elements along K. Where NaN or infinity comes in, the result
/// is NaN (0x7fffffff): which one is not known.
std::uint32_t multiply_add(TensorType type_a, TensorType type_b, const std::uint32_t* a,
                           const std::uint32_t* b, int elements, std::uint32_t accumulator);

}  // namespace assay::cuda_emulation
