// What becomes of a share: two paths out of one counter, by Philox and Box and Muller, under the measure that
// has no risk. Written for the device, and for the host, which works out what the device must find.
#pragma once

#include <cstdint>

#include "kernels/workloads/monte_carlo/functions.h"

namespace assay::workloads {

/// Of a European call: share and strike at 100, 5 % interest, 20 % volatility, one year.
inline constexpr double kStrike = 100, kVolatility = 0.2, kDrift = 0.03;  // r - sigma^2 / 2

/// Payoffs are added up as whole multiples of 2^-42: below 2^10 each, since no path's normal number is beyond
/// sqrt(106 ln 2) = 8.6.
inline constexpr int kPayoffBits = 42;

/// What paths add up to: whole numbers, in any order the same.
struct PathSums {
  std::uint64_t payoff = 0;
  std::uint64_t in_the_money = 0;
  std::uint64_t growths = 0;  // bits of S(T)/S(0), modulo 2^64: of paths that pay nothing as well

  ASSAY_PATHS void operator+=(const PathSums& more) {
    payoff += more.payoff;
    in_the_money += more.in_the_money;
    growths += more.growths;
  }
};

struct Growths {
  double of[2];
};

template <typename A>
ASSAY_PATHS Growths growths_of_pair(std::uint64_t pair, std::uint64_t key) {
  const PhiloxWords random =
      philox<A>({{static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(pair >> 32), 0, 0}},
                static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
  const std::uint64_t first = std::uint64_t{random.of[1]} << 32 | random.of[0];
  const std::uint64_t second = std::uint64_t{random.of[3]} << 32 | random.of[2];
  constexpr std::uint64_t kOne = 0x3ff0000000000000;
  // Odd multiples of 2^-53; and of a turn two bits for the quarter, 52 for where in it.
  const double uniform = sum<A>(A::double_of(kOne | first >> 12), -0x1.fffffffffffffp-1);
  const double in_quarter = sum<A>(A::double_of(kOne | (second << 2 >> 12)), -1.5);
  const double radius = product<A>(root<A>(minus_two_log<A>(uniform)), kVolatility);
  const SineAndCosine of = sine_and_cosine<A>(in_quarter);
  const bool odd = (second >> 62 & 1) != 0;
  const std::uint64_t sign = second >> 63 << 63;
  const double x = A::double_of(A::bits_of(odd ? of.sine : of.cosine) ^ sign ^ (odd ? 1ULL << 63 : 0));
  const double y = A::double_of(A::bits_of(odd ? of.cosine : of.sine) ^ sign);
  return {{exponential<A>(A::multiply_add(radius, x, kDrift)),
           exponential<A>(A::multiply_add(radius, y, kDrift))}};
}

template <typename A>
ASSAY_PATHS void add_path(double growth, PathSums& sums) {
  constexpr double kUnits = 1ULL << kPayoffBits, kWhole = 4503599627370496.0;  // 2^52
  const double payoff = A::multiply_add(growth, kStrike, -kStrike);
  sums.growths += A::bits_of(growth);
  if (!(payoff > 0)) return;
  sums.payoff += A::bits_of(A::multiply_add(payoff, kUnits, kWhole)) - A::bits_of(kWhole);
  sums.in_the_money += 1;
}

/// So many pairs, each so far from the last.
template <typename A>
ASSAY_PATHS PathSums sums_of_pairs(std::uint64_t first, unsigned count, unsigned apart, std::uint64_t key) {
  PathSums sums;
  for (unsigned i = 0; i < count; ++i) {
    const Growths growths = growths_of_pair<A>(first + std::uint64_t{i} * apart, key);
    add_path<A>(growths.of[0], sums);
    add_path<A>(growths.of[1], sums);
  }
  return sums;
}

}  // namespace assay::workloads
