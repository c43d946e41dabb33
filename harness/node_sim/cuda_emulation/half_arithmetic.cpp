#include "harness/node_sim/cuda_emulation/half_arithmetic.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace assay::cuda_emulation {
namespace {

constexpr std::uint16_t kNan = 0x7fff, kInfinity = 0x7c00;

double double_of(std::uint16_t half) {
  const unsigned field = half >> 10 & 31, mantissa = half & 1023;
  double magnitude = 0;
  if (field == 31) {
    magnitude = mantissa == 0 ? INFINITY : NAN;
  } else if (field == 0) {
    magnitude = mantissa * 0x1p-24;
  } else {
    magnitude = std::bit_cast<double>(static_cast<std::uint64_t>(field + 1023 - 15) << 52 |
                                      static_cast<std::uint64_t>(mantissa) << 42);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

std::uint16_t half_of(double value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return kNan;
  if (magnitude == 0) return sign;
  if (magnitude >= 65520) return sign | kInfinity;  // half a unit beyond the greatest
  // Units of the last place that the result has: 2^-24 below the smallest normal number, 2^-14.
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int unit = std::max(exponent - 11, -24);
  const auto units = static_cast<unsigned>(std::nearbyint(std::ldexp(magnitude, -unit)));  // to even
  const unsigned field = static_cast<unsigned>(unit + 24);
  // A carry into the next power of two arrives in the field by itself.
  return static_cast<std::uint16_t>(sign | (field == 0 ? units : (field << 10) + units));
}

std::uint16_t fma_of_half(std::uint16_t a, std::uint16_t b, std::uint16_t c) {
  const double product = double_of(a) * double_of(b);  // exact: 22 bits
  const double addend = double_of(c);
  double sum = product + addend;
  if (std::isfinite(sum)) {
    // What was rounded off (Knuth's TwoSum); the sum to odd (Boldo and Melquiond 2008), so that rounding it
    // once more gives what rounding once would.
    const double other = sum - product;
    const double error = (product - (sum - other)) + (addend - other);
    auto bits = std::bit_cast<std::uint64_t>(sum);
    if (error != 0 && bits % 2 == 0) {
      const bool away = (error > 0) == (sum > 0);
      bits += away ? 1 : ~std::uint64_t{0};
      sum = std::bit_cast<double>(bits);
    }
  }
  return half_of(sum);
}

std::uint32_t fma_of_halves(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  const auto low = [](std::uint32_t word) { return static_cast<std::uint16_t>(word); };
  const auto high = [](std::uint32_t word) { return static_cast<std::uint16_t>(word >> 16); };
  return static_cast<std::uint32_t>(fma_of_half(high(a), high(b), high(c))) << 16 |
         fma_of_half(low(a), low(b), low(c));
}

}  // namespace assay::cuda_emulation
