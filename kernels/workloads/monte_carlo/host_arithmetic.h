// The host's instructions for path.h. IEEE 754 leaves fma one result.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace assay::workloads {

struct HostArithmetic {
  static double multiply_add(double a, double b, double c) { return std::fma(a, b, c); }
  static std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }
  static double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }
  static std::uint32_t integer(std::uint32_t result) { return result; }
};

}  // namespace assay::workloads
