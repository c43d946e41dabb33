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

/// A float taken apart: significand x 2^exponent, the significand odd or zero. `leading` is the exponent of
/// its leading bit; far below all others for zero.
struct TensorElement {
  std::int32_t significand = 0;
  std::int16_t exponent = 0, leading = 0;
};

/// A row of A or a column of B: elements along K, taken apart once for all that they are multiplied with.
class TensorRow {
 public:
  static constexpr int kMost = 32;

  TensorRow() = default;
  /// Of so many elements' bits.
  TensorRow(TensorType type, const std::uint32_t* bits, int elements);

 private:
  friend std::uint32_t multiply_add(const TensorRow& a, const TensorRow& b, std::uint32_t accumulator);
  friend std::uint32_t multiply_floats(const TensorRow& a, const TensorRow& b, std::uint32_t accumulator);

  int bytes_ = 0, elements_ = 0;
  bool is_integer_ = false, finite_ = true;
  TensorElement of_[kMost];
  /// All of them as multiples of 2^unit_, where they are small enough.
  bool fixed_ = false;
  int unit_ = 0, greatest_leading_ = 0;
  std::int32_t multiples_[kMost];
};

/// D of one element: `accumulator` and the result are bits of an f32, or of an s32 where the types are
/// integers. Where NaN or infinity comes in, the result is NaN (0x7fffffff): which one is not known. Throws
/// std::invalid_argument for types that no instruction multiplies.
std::uint32_t multiply_add(const TensorRow& a, const TensorRow& b, std::uint32_t accumulator);

}  // namespace assay::cuda_emulation
