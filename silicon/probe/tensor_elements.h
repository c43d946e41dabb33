// Numbers as the tensor cores take them, and what one of their instructions is believed to make of them:
// the reference that the probe's answers are compared with. Formats: PTX ISA 9.0, "Alternate floating-point
// data formats"; the accumulation model: MMA-Sim (arXiv 2511.10909).
#pragma once

#include <cstdint>
#include <vector>

namespace assay::silicon {

struct Element {
  const char* name;
  int bytes;
  int exponent_bits;  // 0: an integer
  int mantissa_bits;
  int bias;
  bool is_signed;
};

inline constexpr Element kBf16{"bf16", 2, 8, 7, 127, true};
inline constexpr Element kF16{"f16", 2, 5, 10, 15, true};
inline constexpr Element kTf32{"tf32", 4, 8, 23, 127, true};  // the low 13 bits are ignored
inline constexpr Element kE4m3{"e4m3", 1, 4, 3, 7, true};
inline constexpr Element kE5m2{"e5m2", 1, 5, 2, 15, true};
inline constexpr Element kS8{"s8", 1, 0, 0, 0, true};
inline constexpr Element kU8{"u8", 1, 0, 0, 0, false};

/// Of bits that are neither NaN nor infinite.
double decode(const Element& element, std::uint32_t bits);
/// Of a value that the format holds exactly as a normal number, or zero.
std::uint32_t encode(const Element& element, double value);

/// One instruction's sum of products and `c`: each term cut off (toward zero) `fraction_bits` behind the
/// leading bit of the largest, by the exponents that operands have; the sum is cut to `result_bits` of
/// mantissa.
double accumulate(const std::vector<double>& a, const std::vector<double>& b, double c, int fraction_bits,
                  int result_bits);

}  // namespace assay::silicon
