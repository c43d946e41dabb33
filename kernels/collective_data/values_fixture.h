// Elements' types by their definition, as long doubles, and the jobs whose elements tests look at.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "kernels/collective_data/values.h"

namespace assay::collective {

inline constexpr DataType kFloats[] = {DataType::f16,  DataType::f32,  DataType::f64,
                                       DataType::bf16, DataType::e4m3, DataType::e5m2};
inline constexpr DataType kIntegers[] = {DataType::i8,  DataType::u8,  DataType::i32,
                                         DataType::u32, DataType::i64, DataType::u64};
inline constexpr Op kOps[] = {Op::sum, Op::prod, Op::max, Op::min, Op::avg};
inline constexpr std::uint64_t kSeeds[] = {0, 1, 0x123456789abcdefULL};
inline constexpr int kMostRanks = 8;

/// With a mantissa of 64 bits, which holds a double's sums exactly.
using Real = long double;
static_assert(std::numeric_limits<Real>::digits >= 64);

/// IEEE 754-2019, table 3.5; bf16: PTX ISA 9.0, 5.2.3; fp8: "FP8 formats for deep learning" (arXiv
/// 2209.05433), table 1.
struct Shape {
  int bits, mantissa, bias, greatest_exponent;  // of normal numbers
};
inline Shape shape_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return {64, 52, 1023, 1023};
    case DataType::f32:
      return {32, 23, 127, 127};
    case DataType::bf16:
      return {16, 7, 127, 127};
    case DataType::f16:
      return {16, 10, 15, 15};
    case DataType::e4m3:
      return {8, 3, 7, 8};
    default:
      return {8, 2, 15, 15};
  }
}

/// None for infinity and NaN.
inline std::optional<Real> decoded(DataType type, std::uint64_t bits) {
  const Shape shape = shape_of(type);
  const bool negative = (bits >> (shape.bits - 1) & 1) != 0;
  const int highest = (1 << (shape.bits - 1 - shape.mantissa)) - 1;
  const int field = static_cast<int>(bits >> shape.mantissa) & highest;
  const std::uint64_t all_of_mantissa = (std::uint64_t{1} << shape.mantissa) - 1,
                      mantissa = bits & all_of_mantissa;
  if (field == highest && (type != DataType::e4m3 || mantissa == all_of_mantissa)) return std::nullopt;
  const Real significand =
      static_cast<Real>(mantissa) + (field == 0 ? Real{0} : std::ldexp(Real{1}, shape.mantissa));
  const Real value = std::ldexp(significand, std::max(field, 1) - shape.bias - shape.mantissa);
  return negative ? -value : value;
}

/// Zero, or a normal number of the type with nothing lost.
inline bool holds(DataType type, Real value) {
  if (value == 0) return true;
  const Shape shape = shape_of(type);
  const int exponent = std::ilogb(value);
  const Real units = std::ldexp(value, shape.mantissa - exponent);
  return exponent >= 1 - shape.bias && exponent <= shape.greatest_exponent && units == std::trunc(units);
}

inline std::uint64_t encoded_by_ldexp(DataType type, Real value) {
  if (value == 0) return 0;
  const Shape shape = shape_of(type);
  const int exponent = std::ilogb(value);
  const Real units = std::ldexp(std::fabs(value), shape.mantissa - exponent);
  return (value < 0 ? std::uint64_t{1} << (shape.bits - 1) : 0) |
         static_cast<std::uint64_t>(exponent + shape.bias) << shape.mantissa |
         (static_cast<std::uint64_t>(units) - (std::uint64_t{1} << shape.mantissa));
}

inline Job job_of(DataType type, Op op, int ranks, std::uint64_t seed) {
  Job job;
  job.request.type = type;
  job.request.op = op;
  job.request.count = 1 << 20;
  job.ranks = ranks;
  job.seed = seed;
  return job;
}

inline std::string name(const Job& job) {
  return std::string(nccl::name_of(job.request.type)) + " " + std::string(nccl::name_of(job.request.op)) +
         " of " + std::to_string(job.ranks) + " ranks";
}

template <typename Visit>
void for_each_job_of_floats(Op op, const Visit& visit) {
  for (const DataType type : kFloats) {
    for (int ranks = 1; ranks <= kMostRanks; ++ranks) {
      if (op == Op::avg && !std::has_single_bit(static_cast<unsigned>(ranks))) continue;
      for (const std::uint64_t seed : kSeeds) visit(job_of(type, op, ranks, seed));
    }
  }
}

}  // namespace assay::collective
