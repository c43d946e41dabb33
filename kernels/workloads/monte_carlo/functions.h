// Logarithm, root, sine, cosine and exponential out of multiplications with an addition (fma) and whole
// numbers alone: IEEE 754 leaves each one result, so that every machine that has fma comes to the same bits,
// and the host can say what a GPU must find.
//
// Errors are in units of u = 2^-53, what one rounding may add to a result, relative to it.
#pragma once

#include <cstdint>

#include "kernels/workloads/monte_carlo/philox.h"

namespace assay::workloads {

/// c0 + c1 x + c2 x^2 + ...
template <typename A, int kCount>
ASSAY_PATHS double polynomial(const double (&c)[kCount], double x) {
  double sum = c[kCount - 1];
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int i = kCount - 2; i >= 0; --i) sum = A::multiply_add(sum, x, c[i]);
  return sum;
}

template <typename A>
ASSAY_PATHS double sum(double a, double b) {
  return A::multiply_add(a, 1, b);
}
/// Of -0: a product that is a zero keeps its sign.
template <typename A>
ASSAY_PATHS double product(double a, double b) {
  return A::multiply_add(a, b, -0.0);
}

/// 1 / n for n from 1 + 1/sqrt(2) to 1 + sqrt(2), off by 1.1 u. The parabola is off by 1.3e-3 at most (by
/// Chebyshev's polynomial of third degree); each step cubes that: 2.2e-9, 1e-26.
template <typename A>
ASSAY_PATHS double reciprocal(double n) {
  constexpr double kParabola[] = {1.4777559147244488, -0.7224441133556709, 0.11686289071326848};
  double y = polynomial<A>(kParabola, n);
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int step = 0; step < 2; ++step) {
    const double off = A::multiply_add(-n, y, 1);
    y = A::multiply_add(y, A::multiply_add(off, off, off), y);
  }
  return y;
}

/// -2 ln x for x from 2^-53 to 1 - 2^-53, off by 8 u.
///
/// x = 2^e m, m from 1/sqrt(2) to sqrt(2), s = (m - 1) / (m + 1) up to 0.1716, ln m = 2 (s + s^3/3 + ...).
/// Nine terms after the first leave 2^-55 of it: s^20/21. m - 1 is exact; m + 1, the reciprocal and their
/// product are off by 3.1 u, so is s; the sum is off by 4.2 u. Where e is 0 that is all. Else the result is
/// above 0.69, 4 (s + ...) up to 0.69, 2 e ln 2 up to 0.69 above the result and, by its constant, off by u:
/// together (4.2 + 2 + 1) u.
template <typename A>
ASSAY_PATHS double minus_two_log(double x) {
  constexpr double kSeries[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9, 1.0 / 11,
                                1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19};
  constexpr std::uint64_t kRootOfHalf = 0x3fe6a09e667f3bcd, kBitsOfExponents = 0xfff0000000000000;
  // 1.5 x 2^52: a small whole number that is added to the bits is added to the value.
  constexpr std::uint64_t kWholeBits = 0x4338000000000000;
  constexpr double kWhole = 6755399441055744.0, kMinusTwoLogOf2 = -1.3862943611198906;
  const std::uint64_t bits = A::bits_of(x);
  const std::uint64_t above = bits - kRootOfHalf;
  const double m = A::double_of(bits - (above & kBitsOfExponents));
  const auto exponent = static_cast<std::int64_t>(above) >> 52;
  const double e = sum<A>(A::double_of(kWholeBits + static_cast<std::uint64_t>(exponent)), -kWhole);
  const double s = product<A>(sum<A>(m, -1), reciprocal<A>(sum<A>(m, 1)));
  const double square = product<A>(s, s);
  const double half = A::multiply_add(s, product<A>(square, polynomial<A>(kSeries, square)), s);
  return A::multiply_add(e, kMinusTwoLogOf2, product<A>(half, -4));
}

/// Off by 1.1 u, for x from 2^-53 to 2^10.
///
/// The bits of 1/sqrt(x) are about those of a constant less half of x's: off by 3.5 %. A step takes that to
/// 5/2 of its cube: 1.1e-4, 3e-12; the last one, Heron's, to half of its square.
template <typename A>
ASSAY_PATHS double root(double x) {
  double y = A::double_of(0x5fe6eb50c7b537a9 - (A::bits_of(x) >> 1));
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int step = 0; step < 2; ++step) {
    const double off = A::multiply_add(-product<A>(x, y), y, 1);
    y = A::multiply_add(product<A>(y, off), A::multiply_add(off, 0.375, 0.5), y);
  }
  const double near = product<A>(x, y);
  return A::multiply_add(A::multiply_add(-near, near, x), product<A>(y, 0.5), near);
}

struct SineAndCosine {
  double sine, cosine;
};

/// Of t quarters of a turn, t from -1/2 to 1/2, each off by 2.5 u of 1.
///
/// Taylor's series; what is left out is below 1e-17. Sine: t (c0 + c1 t^2 ...): c0, the sum and the product
/// are off by u, what is added to c0, less than a tenth of it, by 4 u: 3.5 u of what is up to 0.71. Cosine:
/// what is added to 1, up to 0.31, is off by 4 u, and the sum by u.
template <typename A>
ASSAY_PATHS SineAndCosine sine_and_cosine(double t) {
  constexpr double kSine[] = {1.5707963267948966,    -0.6459640975062463,    0.07969262624616705,
                              -0.004681754135318688, 0.00016044118478735983, -3.598843235212085e-06,
                              5.692172921967927e-08, -6.688035109811468e-10, 6.0669357311061955e-12};
  constexpr double kCosine[] = {1.0,
                                -1.2337005501361697,
                                0.25366950790104803,
                                -0.02086348076335296,
                                0.0009192602748394266,
                                -2.5202042373060607e-05,
                                4.710874778818172e-07,
                                -6.386603083791852e-09,
                                6.565963114979473e-11};
  const double square = product<A>(t, t);
  return {product<A>(t, polynomial<A>(kSine, square)), polynomial<A>(kCosine, square)};
}

/// e^x for x from -2 to 2, off by 4.5 u and by what x is off.
///
/// x = k ln 2 + y, |y| up to 0.35: k ln 2 is off by k u / 2, k up to 3, y by 0.35 u. Taylor's series up to
/// y^13/13!, what is left out is 4e-18 of it; the sum of what is added to 1 is up to 0.41 and off by 3 u, the
/// last addition by u of 1 at most, of what is 0.7 or more.
template <typename A>
ASSAY_PATHS double exponential(double x) {
  constexpr double kSeries[] = {1.0,
                                1.0,
                                1.0 / 2,
                                1.0 / 6,
                                1.0 / 24,
                                1.0 / 120,
                                1.0 / 720,
                                1.0 / 5040,
                                1.0 / 40320,
                                1.0 / 362880,
                                1.0 / 3628800,
                                1.0 / 39916800,
                                1.0 / 479001600,
                                1.0 / 6227020800};
  constexpr double kWhole = 6755399441055744.0, kLogOf2 = 0.6931471805599453;
  const double shifted = A::multiply_add(x, 1.4426950408889634, kWhole);
  const double y = A::multiply_add(sum<A>(shifted, -kWhole), -kLogOf2, x);
  // The lower bits of `shifted` are k: into the exponent.
  return A::double_of(A::bits_of(polynomial<A>(kSeries, y)) + (A::bits_of(shifted) << 52));
}

}  // namespace assay::workloads
