#include "harness/node_sim/cuda_emulation/tensor_arithmetic.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <stdexcept>

namespace assay::cuda_emulation {
namespace {

constexpr std::uint32_t kNan = 0x7fffffff;
constexpr int kMostElements = 32;

struct Format {
  int bytes, exponent_bits, mantissa_bits, ignored_bits;  // the last: of the mantissa, at its low end
  bool has_infinity;
};

/// Of float formats. tf32 lies in the upper 19 of 32 bits.
Format format_of(TensorType type) {
  switch (type) {
    case TensorType::bf16:
      return {2, 8, 7, 0, true};
    case TensorType::f16:
      return {2, 5, 10, 0, true};
    case TensorType::tf32:
      return {4, 8, 23, 13, true};
    case TensorType::e4m3:
      return {1, 4, 3, 0, false};
    case TensorType::e5m2:
      return {1, 5, 2, 0, true};
    case TensorType::s8:
    case TensorType::u8:
      break;
  }
  throw std::invalid_argument("no float");
}

constexpr Format kF32{4, 8, 23, 0, true};

/// significand x 2^exponent; `leading`: the exponent of its format's leading bit, or of its own for
/// subnormals.
struct Number {
  std::int64_t significand = 0;  // with its sign
  int exponent = 0;
  int leading = 0;  // of none where it is zero
  bool finite = true;
};

Number number_of(const Format& format, std::uint32_t bits) {
  const int m = format.mantissa_bits;
  const std::uint32_t fields = (1u << format.exponent_bits) - 1;
  const std::uint32_t field = bits >> m & fields;
  std::uint32_t mantissa = bits & ((1u << m) - 1);
  const bool negative = (bits >> (m + format.exponent_bits) & 1) != 0;
  Number number;
  // e4m3 has no infinity, and of its greatest exponent one NaN alone.
  number.finite = field != fields || (!format.has_infinity && mantissa != (1u << m) - 1);
  mantissa &= ~((1u << format.ignored_bits) - 1);
  const std::uint32_t significand = mantissa | (field != 0 ? 1u << m : 0u);
  number.exponent = static_cast<int>(std::max(field, 1u)) - ((1 << (format.exponent_bits - 1)) - 1) - m;
  if (significand != 0) number.leading = number.exponent + static_cast<int>(std::bit_width(significand)) - 1;
  number.significand = negative ? -static_cast<std::int64_t>(significand) : significand;
  return number;
}

/// value x 2^shift, cut off towards zero.
std::int64_t shifted(std::int64_t value, int shift) {
  if (shift >= 0) return value * (std::int64_t{1} << shift);
  if (shift < -62) return 0;
  return value / (std::int64_t{1} << -shift);
}

/// sum x 2^exponent as an f32, cut off to so many bits behind the leading one.
std::uint32_t f32_of(std::int64_t sum, int exponent, int mantissa_bits) {
  if (sum == 0) return 0;
  const std::uint32_t sign = sum < 0 ? 1u << 31 : 0u;
  auto magnitude = static_cast<std::uint64_t>(sum < 0 ? -sum : sum);
  const int width = static_cast<int>(std::bit_width(magnitude));
  const int cut = width - 1 - mantissa_bits;
  if (cut > 0) magnitude = magnitude >> cut << cut;
  const int leading = exponent + width - 1;
  if (leading > 127) return sign | 0x7f800000u;
  // A significand of 24 bits, of fewer below the smallest normal number.
  const int lowest = std::max(leading, -126) - 23;
  const int move = exponent - lowest;
  const std::uint64_t significand = move >= 0 ? magnitude << move : move > -64 ? magnitude >> -move : 0;
  const auto field = static_cast<std::uint32_t>(leading < -126 ? 0 : leading + 127);
  return sign | field << 23 | static_cast<std::uint32_t>(significand & 0x7fffff);
}

std::uint32_t floats(TensorType type_a, TensorType type_b, const std::uint32_t* a, const std::uint32_t* b,
                     int elements, std::uint32_t accumulator) {
  const Format of_a = format_of(type_a), of_b = format_of(type_b);
  const bool narrow = of_a.bytes == 1;
  const int fraction_bits = narrow ? 13 : 25, result_bits = narrow ? 13 : 23;
  struct Term {
    std::int64_t significand;
    int exponent;
  };
  Term terms[kMostElements + 1];
  int count = 0, greatest = INT_MIN;
  const auto add = [&](std::int64_t significand, int exponent, int leading) {
    terms[count++] = {significand, exponent};
    greatest = std::max(greatest, leading);
  };
  const Number c = number_of(kF32, accumulator);
  bool finite = c.finite;
  if (c.significand != 0) add(c.significand, c.exponent, c.leading);
  for (int i = 0; i < elements; ++i) {
    const Number x = number_of(of_a, a[i]), y = number_of(of_b, b[i]);
    finite = finite && x.finite && y.finite;
    if (x.significand != 0 && y.significand != 0)
      add(x.significand * y.significand, x.exponent + y.exponent, x.leading + y.leading);
  }
  if (!finite) return kNan;
  if (count == 0) return 0;
  const int unit = greatest - fraction_bits;
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += shifted(terms[i].significand, terms[i].exponent - unit);
  return f32_of(sum, unit, result_bits);
}

std::uint32_t integers(TensorType type_a, TensorType type_b, const std::uint32_t* a, const std::uint32_t* b,
                       int elements, std::uint32_t accumulator) {
  const auto value = [](TensorType type, std::uint32_t bits) {
    return type == TensorType::s8 ? static_cast<int>(static_cast<std::int8_t>(bits))
                                  : static_cast<int>(static_cast<std::uint8_t>(bits));
  };
  std::uint32_t sum = accumulator;
  for (int i = 0; i < elements; ++i)
    sum += static_cast<std::uint32_t>(value(type_a, a[i]) * value(type_b, b[i]));
  return sum;
}

}  // namespace

int bytes_of(TensorType type) {
  return is_integer(type) ? 1 : format_of(type).bytes;
}

bool is_integer(TensorType type) {
  return type == TensorType::s8 || type == TensorType::u8;
}

std::uint32_t multiply_add(TensorType type_a, TensorType type_b, const std::uint32_t* a,
                           const std::uint32_t* b, int elements, std::uint32_t accumulator) {
  if (elements > kMostElements || is_integer(type_a) != is_integer(type_b) ||
      bytes_of(type_a) != bytes_of(type_b))
    throw std::invalid_argument("no instruction of the tensor cores");
  const auto of_kind = is_integer(type_a) ? integers : floats;
  return of_kind(type_a, type_b, a, b, elements, accumulator);
}

}  // namespace assay::cuda_emulation
