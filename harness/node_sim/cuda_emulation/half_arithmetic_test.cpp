#include "harness/node_sim/cuda_emulation/half_arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace assay::cuda_emulation {
namespace {

__extension__ typedef __int128 Integer;
__extension__ typedef unsigned __int128 Unsigned;

/// Units of 2^-48, which products of two halves are whole numbers of; of finite halves.
Integer units_of(std::uint16_t half, int unit_exponent) {
  const int field = half >> 10 & 31, mantissa = half & 1023;
  const Integer significand = field == 0 ? mantissa : mantissa + 1024;
  const Integer magnitude = significand << ((field == 0 ? 1 : field) - 25 - unit_exponent);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

/// a b + c by whole numbers, rounded to the nearest even.
std::uint16_t exact(std::uint16_t a, std::uint16_t b, std::uint16_t c) {
  const Integer sum = units_of(a, -24) * units_of(b, -24) + units_of(c, -48);
  const std::uint16_t sign = sum < 0 ? 0x8000 : 0;
  const Unsigned magnitude = sum < 0 ? static_cast<Unsigned>(-sum) : static_cast<Unsigned>(sum);
  if (magnitude == 0) return 0;
  int width = 0;
  while ((magnitude >> width) != 0) ++width;
  const int shift = std::max(width - 11, 24);  // of the last place: 2^-24 at least
  Unsigned kept = magnitude >> shift;
  const Unsigned rest = magnitude - (kept << shift), half = static_cast<Unsigned>(1) << (shift - 1);
  if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  const auto field = static_cast<unsigned>(shift - 24);
  const unsigned bits = (field << 10) + static_cast<unsigned>(kept);
  return static_cast<std::uint16_t>(sign | std::min(bits, 0x7c00u));
}

TEST(HalfArithmetic, RoundsOnceToTheNearestEven) {
  std::mt19937 draw(5);
  for (int i = 0; i < 2000000; ++i) {
    const auto a = static_cast<std::uint16_t>(draw()), b = static_cast<std::uint16_t>(draw()),
               c = static_cast<std::uint16_t>(draw());
    const bool finite = (a >> 10 & 31) != 31 && (b >> 10 & 31) != 31 && (c >> 10 & 31) != 31;
    if (!finite) continue;
    const std::uint16_t got = fma_of_half(a, b, c), wanted = exact(a, b, c);
    if (wanted == 0 && (got & 0x7fff) == 0) continue;  // a zero's sign
    ASSERT_EQ(got, wanted) << std::hex << a << " " << b << " " << c;
  }
}

TEST(HalfArithmetic, ASumOfNothingIsZeroWithItsSign) {
  EXPECT_EQ(fma_of_half(0x0000, 0x3c00, 0x0000), 0x0000);
  EXPECT_EQ(fma_of_half(0xbc00, 0x3c00, 0x3c00), 0x0000);
  EXPECT_EQ(fma_of_half(0x3c00, 0x3c00, 0xbc00), 0x0000);
  EXPECT_EQ(fma_of_half(0x8000, 0x3c00, 0x8000), 0x8000);
}

TEST(HalfArithmetic, KnowsWhatIsNoNumber) {
  EXPECT_EQ(fma_of_half(0x7c00, 0x3c00, 0x3c00), 0x7c00);
  EXPECT_EQ(fma_of_half(0x7c00, 0x0000, 0x3c00), 0x7fff);
  EXPECT_EQ(fma_of_half(0x7bff, 0x4000, 0x0000), 0x7c00);
  EXPECT_EQ(fma_of_half(0xfbff, 0x4000, 0x0000), 0xfc00);
}

TEST(HalfArithmetic, HalvesOfAWordAreEachByThemselves) {
  EXPECT_EQ(fma_of_halves(0x3c004000, 0x40003c00, 0x00003c00), 0x40004200u);
}

}  // namespace
}  // namespace assay::cuda_emulation
