#include "harness/node_sim/cuda_emulation/tensor_arithmetic.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace assay::cuda_emulation {
namespace {

constexpr std::uint32_t kNan = 0x7fffffff;

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

/// Of zeros: no sum of two of them comes near a number's.
constexpr std::int16_t kNoLeading = -8192;

TensorElement element_of(const Format& format, std::uint32_t bits, bool& finite) {
  const int m = format.mantissa_bits;
  const std::uint32_t fields = (1u << format.exponent_bits) - 1;
  const std::uint32_t field = bits >> m & fields;
  std::uint32_t mantissa = bits & ((1u << m) - 1);
  // e4m3 has no infinity, and of its greatest exponent one NaN alone.
  finite = finite && (field != fields || (!format.has_infinity && mantissa != (1u << m) - 1));
  mantissa &= ~((1u << format.ignored_bits) - 1);
  std::uint32_t significand = mantissa | (field != 0 ? 1u << m : 0u);
  if (significand == 0) return {0, 0, kNoLeading};
  int exponent = static_cast<int>(std::max(field, 1u)) - ((1 << (format.exponent_bits - 1)) - 1) - m;
  const int leading = exponent + static_cast<int>(std::bit_width(significand)) - 1;
  const int zeros = std::countr_zero(significand);
  significand >>= zeros;
  exponent += zeros;
  const bool negative = (bits >> (m + format.exponent_bits) & 1) != 0;
  return {negative ? -static_cast<std::int32_t>(significand) : static_cast<std::int32_t>(significand),
          static_cast<std::int16_t>(exponent), static_cast<std::int16_t>(leading)};
}

/// value x 2^shift, cut off towards zero. The shift to the left is small.
std::int64_t shifted(std::int64_t value, int shift) {
  if (shift >= 0) return value * (std::int64_t{1} << std::min(shift, 62));
  const std::int64_t rounding = value < 0 ? (std::int64_t{1} << std::min(-shift, 62)) - 1 : 0;
  return (value + rounding) >> std::min(-shift, 62);
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

}  // namespace

int bytes_of(TensorType type) {
  return is_integer(type) ? 1 : format_of(type).bytes;
}

bool is_integer(TensorType type) {
  return type == TensorType::s8 || type == TensorType::u8;
}

TensorRow::TensorRow(TensorType type, const std::uint32_t* bits, int elements)
    : bytes_(bytes_of(type)), elements_(elements), is_integer_(is_integer(type)) {
  if (elements > kMost) throw std::invalid_argument("no instruction of the tensor cores");
  if (is_integer_) {
    for (int i = 0; i < elements; ++i) {
      multiples_[i] = type == TensorType::s8 ? static_cast<int>(static_cast<std::int8_t>(bits[i]))
                                             : static_cast<int>(static_cast<std::uint8_t>(bits[i]));
    }
    return;
  }
  const Format format = format_of(type);
  greatest_leading_ = kNoLeading;
  bool any = false;
  for (int i = 0; i < elements; ++i) {
    of_[i] = element_of(format, bits[i], finite_);
    greatest_leading_ = std::max<int>(greatest_leading_, of_[i].leading);
    if (of_[i].significand == 0) continue;
    unit_ = any ? std::min<int>(unit_, of_[i].exponent) : of_[i].exponent;
    any = true;
  }
  fixed_ = greatest_leading_ - unit_ < 24;
  for (int i = 0; i < elements && fixed_; ++i)
    multiples_[i] = of_[i].significand == 0 ? 0 : of_[i].significand * (1 << (of_[i].exponent - unit_));
}

std::uint32_t multiply_floats(const TensorRow& a, const TensorRow& b, std::uint32_t accumulator) {
  const bool narrow = a.bytes_ == 1;
  const int fraction_bits = narrow ? 13 : 25, result_bits = narrow ? 13 : 23;
  bool finite = a.finite_ && b.finite_;
  const TensorElement c = element_of(kF32, accumulator, finite);
  if (!finite) return kNan;
  // Where nothing reaches below the place that all is cut off at, the sum is that of whole numbers.
  const int most = std::max<int>(a.greatest_leading_ + b.greatest_leading_, c.leading);
  const int unit_of_all = a.unit_ + b.unit_, cut = most - fraction_bits;
  const int distance = c.exponent - unit_of_all;
  const bool c_fits = c.significand == 0 || (c.exponent >= cut && distance >= 0 && distance < 30);
  if (a.fixed_ && b.fixed_ && cut <= unit_of_all && c_fits) {
    std::int64_t sum = c.significand == 0 ? 0 : static_cast<std::int64_t>(c.significand) * (1LL << distance);
    for (int i = 0; i < a.elements_; ++i) sum += static_cast<std::int64_t>(a.multiples_[i]) * b.multiples_[i];
    return f32_of(sum, unit_of_all, result_bits);
  }
  int greatest = c.leading;
  for (int i = 0; i < a.elements_; ++i) greatest = std::max(greatest, a.of_[i].leading + b.of_[i].leading);
  if (greatest <= kNoLeading / 2) return 0;
  const int unit = greatest - fraction_bits;
  std::int64_t sum = shifted(c.significand, c.exponent - unit);
  for (int i = 0; i < a.elements_; ++i) {
    sum += shifted(static_cast<std::int64_t>(a.of_[i].significand) * b.of_[i].significand,
                   a.of_[i].exponent + b.of_[i].exponent - unit);
  }
  return f32_of(sum, unit, result_bits);
}

std::uint32_t multiply_add(const TensorRow& a, const TensorRow& b, std::uint32_t accumulator) {
  if (a.is_integer_ != b.is_integer_ || a.bytes_ != b.bytes_)
    throw std::invalid_argument("no instruction of the tensor cores");
  if (!a.is_integer_) return multiply_floats(a, b, accumulator);
  std::uint32_t sum = accumulator;
  for (int i = 0; i < a.elements_; ++i) sum += static_cast<std::uint32_t>(a.multiples_[i] * b.multiples_[i]);
  return sum;
}

}  // namespace assay::cuda_emulation
