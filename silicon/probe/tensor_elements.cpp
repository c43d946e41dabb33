#include "silicon/probe/tensor_elements.h"

#include <algorithm>
#include <climits>
#include <cmath>

namespace assay::silicon {

double decode(const Element& element, std::uint32_t bits) {
  if (element.exponent_bits == 0)
    return element.is_signed ? static_cast<double>(static_cast<std::int8_t>(bits))
                             : static_cast<double>(static_cast<std::uint8_t>(bits));
  const int m = element.mantissa_bits;
  const std::uint32_t mantissa = bits & ((1u << m) - 1);
  const int exponent = static_cast<int>(bits >> m & ((1u << element.exponent_bits) - 1));
  const bool negative = (bits >> (m + element.exponent_bits) & 1) != 0;
  const double significand = static_cast<double>(mantissa) + (exponent == 0 ? 0 : std::ldexp(1.0, m));
  const double value = std::ldexp(significand, std::max(exponent, 1) - element.bias - m);
  return negative ? -value : value;
}

std::uint32_t encode(const Element& element, double value) {
  if (element.exponent_bits == 0) return static_cast<std::uint8_t>(static_cast<int>(value));
  if (value == 0) return 0;
  const int m = element.mantissa_bits;
  const int exponent = std::ilogb(value);
  const auto significand = static_cast<std::uint32_t>(std::ldexp(std::fabs(value), m - exponent));
  return (value < 0 ? 1u << (m + element.exponent_bits) : 0u) |
         static_cast<std::uint32_t>(exponent + element.bias) << m | (significand & ((1u << m) - 1));
}

double accumulate(const std::vector<double>& a, const std::vector<double>& b, double c, int fraction_bits,
                  int result_bits) {
  int largest = INT_MIN;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != 0 && b[i] != 0) largest = std::max(largest, std::ilogb(a[i]) + std::ilogb(b[i]));
  }
  if (c != 0) largest = std::max(largest, std::ilogb(c));
  if (largest == INT_MIN) return 0;
  double sum = std::trunc(std::ldexp(c, fraction_bits - largest));
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += std::trunc(std::ldexp(a[i] * b[i], fraction_bits - largest));
  if (sum == 0) return 0;
  const double cut = std::ldexp(1.0, std::ilogb(sum) - result_bits);
  return std::ldexp(std::trunc(sum / cut) * cut, largest - fraction_bits);
}

}  // namespace assay::silicon
