// What a path is made of, against known answers and against functions of 64 bits of mantissa.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "kernels/memory_patterns.h"
#include "kernels/workloads/monte_carlo/host_arithmetic.h"
#include "kernels/workloads/monte_carlo/monte_carlo.h"

namespace assay::workloads {
namespace {

using A = HostArithmetic;

constexpr long double kUnit = 0x1p-53L;
constexpr int kValues = 20'000;

std::uint64_t random_bits(int i) {
  return memory::mix64(static_cast<std::uint64_t>(i));
}
/// From 0 to 1.
double uniform(int i) {
  return std::ldexp(static_cast<double>(random_bits(i) >> 11), -53);
}
bool is_within(double value, long double reference, long double units, long double scale) {
  return std::abs(value - reference) <= units * kUnit * std::abs(scale);
}
/// And one that is off by twice as much is not.
void expect_within(double value, long double reference, long double units, long double scale) {
  EXPECT_TRUE(is_within(value, reference, units, scale)) << value;
  const auto mutant = static_cast<double>(reference + 2 * units * kUnit * scale);
  EXPECT_FALSE(is_within(mutant, reference, units, scale)) << value;
}

TEST(MonteCarloFunctions, PhiloxGivesTheKnownAnswers) {
  const struct {
    PhiloxWords counter;
    std::uint32_t key0, key1;
    PhiloxWords answer;
  } known[] = {
      {{{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       0xa4093822,
       0x299f31d0,
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const auto& one : known) {
    const PhiloxWords found = philox<A>(one.counter, one.key0, one.key1);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(found.of[i], one.answer.of[i]);
  }
}

/// The bounds are those that functions.h derives.
TEST(MonteCarloFunctions, AreAsNearAsTheirDerivationsSay) {
  for (int i = 0; i < kValues; ++i) {
    // Also next to 0 and to 1.
    double x = std::ldexp(uniform(i) + 0x1p-53, -(i % 50));
    if (i % 7 == 0) x = 1 - x;
    if (x < 0x1p-53 || x >= 1) continue;
    const double minus_two = minus_two_log<A>(x);
    const long double log = -2 * std::log(static_cast<long double>(x));
    expect_within(minus_two, log, 8, log);
    const long double of_root = std::sqrt(static_cast<long double>(minus_two));
    expect_within(root<A>(minus_two), of_root, 1.1L, of_root);
    const double t = uniform(kValues + i) - 0.5;
    const long double angle = t * std::numbers::pi_v<long double> / 2;
    expect_within(sine_and_cosine<A>(t).sine, std::sin(angle), 2.5L, 1);
    expect_within(sine_and_cosine<A>(t).cosine, std::cos(angle), 2.5L, 1);
    const long double power = std::exp(static_cast<long double>(4 * t));
    expect_within(exponential<A>(4 * t), power, 4.5L, power);
  }
}

/// A path against the same out of the library's functions with 64 bits of mantissa. The radius is off by half
/// of 8 u, 1.1 u by the root, u by the volatility and u by its product: 7.1 u of up to 1.72; with the sine
/// off by 2.5 u of 1 an exponent is off by 1.72 x (7.1 + 2.5) u, and by 1.75 u of its own rounding; the
/// exponential by that and 4.5 u: 22.8 u.
TEST(MonteCarloFunctions, APathIsAsNearAsItsDerivationSays) {
  using Long = long double;
  for (int i = 0; i < kValues; ++i) {
    const auto pair = static_cast<std::uint64_t>(i) << 20;
    const PhiloxWords random =
        philox<A>({{static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(pair >> 32), 0, 0}}, 9, 0);
    const std::uint64_t first = std::uint64_t{random.of[1]} << 32 | random.of[0];
    const std::uint64_t second = std::uint64_t{random.of[3]} << 32 | random.of[2];
    const Long u = std::ldexp(static_cast<Long>(2 * (first >> 12) + 1), -53);
    // The quarter, and where in it, from its middle.
    const Long turn =
        static_cast<Long>(second >> 62) + std::ldexp(static_cast<Long>(second << 2 >> 12), -52) - 0.5L;
    const Long radius = 0.2L * std::sqrt(-2 * std::log(u));
    const Long angle = turn * std::numbers::pi_v<Long> / 2;
    const Growths growths = growths_of_pair<A>(pair, 9);
    const Long references[] = {std::exp(radius * std::cos(angle) + 0.03L),
                               std::exp(radius * std::sin(angle) + 0.03L)};
    for (int n = 0; n < 2; ++n) expect_within(growths.of[n], references[n], 22.8L, references[n]);
  }
}

TEST(MonteCarloFunctions, PayoffsAreAddedUpToTheLastUnit) {
  PathSums sums;
  add_path<A>(1, sums);  // at the strike it pays nothing
  add_path<A>(0.5, sums);
  EXPECT_EQ(sums.payoff, 0u);
  EXPECT_EQ(sums.in_the_money, 0u);
  EXPECT_EQ(sums.growths, A::bits_of(1.0) + A::bits_of(0.5));
  add_path<A>(1.25, sums);
  add_path<A>(5.75, sums);  // near to what the farthest path comes to
  EXPECT_EQ(sums.payoff, std::uint64_t{25 + 475} << kPayoffBits);
  EXPECT_EQ(sums.in_the_money, 2u);
}

TEST(MonteCarloFunctions, WhatIsOffByMoreThanChanceIsNamed) {
  constexpr double kPaths = 1 << 20;
  const auto totals_of = [](double price, double share) {
    const double units = std::ldexp(price * std::exp(0.05) * kPaths, kPayoffBits);
    return PathTotals{static_cast<std::uint64_t>(std::ldexp(units, -32)), 0,
                      static_cast<std::uint64_t>(share * kPaths)};
  };
  const double most_of_price = 6 * kDeviation / 1024, most_of_share = 6 * 0.4965 / 1024;
  EXPECT_TRUE(off_the_closed_form(totals_of(kPrice, kInTheMoney), kPaths).empty());
  for (const double side : {-1.0, 1.0}) {
    const auto near =
        totals_of(kPrice + 0.99 * side * most_of_price, kInTheMoney + 0.99 * side * most_of_share);
    EXPECT_TRUE(off_the_closed_form(near, kPaths).empty());
    const auto price_off = totals_of(kPrice + 1.01 * side * most_of_price, kInTheMoney);
    ASSERT_EQ(off_the_closed_form(price_off, kPaths).size(), 1u);
    EXPECT_EQ(off_the_closed_form(price_off, kPaths)[0].what, "price");
    const auto share_off = totals_of(kPrice, kInTheMoney + 1.01 * side * most_of_share);
    ASSERT_EQ(off_the_closed_form(share_off, kPaths).size(), 1u);
    EXPECT_EQ(off_the_closed_form(share_off, kPaths)[0].what, "share of paths that pay");
  }
}

}  // namespace
}  // namespace assay::workloads
