#include "kernels/collective_data/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace assay::collective {
namespace {

constexpr DataType kFloats[] = {DataType::f16,  DataType::f32,  DataType::f64,
                                DataType::bf16, DataType::e4m3, DataType::e5m2};
constexpr DataType kIntegers[] = {DataType::i8,  DataType::u8,  DataType::i32,
                                  DataType::u32, DataType::i64, DataType::u64};
constexpr Op kOps[] = {Op::sum, Op::prod, Op::max, Op::min, Op::avg};
constexpr std::uint64_t kSeeds[] = {0, 1, 0x123456789abcdefULL};
constexpr int kMostRanks = 8;

/// With a mantissa of 64 bits, which holds a double's sums exactly.
using Real = long double;
static_assert(std::numeric_limits<Real>::digits >= 64);

/// IEEE 754-2019, table 3.5; bf16: PTX ISA 9.0, 5.2.3; fp8: "FP8 formats for deep learning" (arXiv
/// 2209.05433), table 1.
struct Shape {
  int bits, mantissa, bias, greatest_exponent;  // of normal numbers
};
Shape shape_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return {64, 52, 1023, 1023};
    case DataType::f32:
      return {32, 23, 127, 127};
    case DataType::bf16:
      return {16, 7, 127, 127};
    case DataType::f16:
      return {16, 10, 15, 15};
    case DataType::e4m3:
      return {8, 3, 7, 8};
    default:
      return {8, 2, 15, 15};
  }
}

/// None for infinity and NaN.
std::optional<Real> decoded(DataType type, std::uint64_t bits) {
  const Shape shape = shape_of(type);
  const bool negative = (bits >> (shape.bits - 1) & 1) != 0;
  const int highest = (1 << (shape.bits - 1 - shape.mantissa)) - 1;
  const int field = static_cast<int>(bits >> shape.mantissa) & highest;
  const std::uint64_t all_of_mantissa = (std::uint64_t{1} << shape.mantissa) - 1,
                      mantissa = bits & all_of_mantissa;
  if (field == highest && (type != DataType::e4m3 || mantissa == all_of_mantissa)) return std::nullopt;
  const Real significand =
      static_cast<Real>(mantissa) + (field == 0 ? Real{0} : std::ldexp(Real{1}, shape.mantissa));
  const Real value = std::ldexp(significand, std::max(field, 1) - shape.bias - shape.mantissa);
  return negative ? -value : value;
}

/// Zero, or a normal number of the type with nothing lost.
bool holds(DataType type, Real value) {
  if (value == 0) return true;
  const Shape shape = shape_of(type);
  const int exponent = std::ilogb(value);
  const Real units = std::ldexp(value, shape.mantissa - exponent);
  return exponent >= 1 - shape.bias && exponent <= shape.greatest_exponent && units == std::trunc(units);
}

std::uint64_t encoded_by_ldexp(DataType type, Real value) {
  if (value == 0) return 0;
  const Shape shape = shape_of(type);
  const int exponent = std::ilogb(value);
  const Real units = std::ldexp(std::fabs(value), shape.mantissa - exponent);
  return (value < 0 ? std::uint64_t{1} << (shape.bits - 1) : 0) |
         static_cast<std::uint64_t>(exponent + shape.bias) << shape.mantissa |
         (static_cast<std::uint64_t>(units) - (std::uint64_t{1} << shape.mantissa));
}

Job job_of(DataType type, Op op, int ranks, std::uint64_t seed) {
  Job job;
  job.request.type = type;
  job.request.op = op;
  job.request.count = 1 << 20;
  job.ranks = ranks;
  job.seed = seed;
  return job;
}

std::string name(const Job& job) {
  return std::string(nccl::name_of(job.request.type)) + " " + std::string(nccl::name_of(job.request.op)) +
         " of " + std::to_string(job.ranks) + " ranks";
}

std::vector<Real> contributions(const Job& job, std::uint64_t element) {
  std::vector<Real> all;
  for (int rank = 0; rank < job.ranks; ++rank)
    all.push_back(decoded(job.request.type, contribution(job, element, rank)).value());
  return all;
}

/// Of what every subset of the ranks comes to: what any order of any algorithm has on its way.
template <typename Combine>
std::vector<Real> of_subsets(const std::vector<Real>& parts, Real nothing, const Combine& combine) {
  std::vector<Real> all(std::size_t{1} << parts.size(), nothing);
  for (std::size_t subset = 1; subset < all.size(); ++subset)
    all[subset] =
        combine(all[subset & (subset - 1)], parts[static_cast<std::size_t>(std::countr_zero(subset))]);
  return all;
}

template <typename Visit>
void for_each_job_of_floats(Op op, const Visit& visit) {
  for (const DataType type : kFloats) {
    for (int ranks = 1; ranks <= kMostRanks; ++ranks) {
      if (op == Op::avg && !std::has_single_bit(static_cast<unsigned>(ranks))) continue;
      for (const std::uint64_t seed : kSeeds) visit(job_of(type, op, ranks, seed));
    }
  }
}

TEST(CollectiveValues, AbsoluteValuesOfSummandsAddUpToNoMoreThanTheMantissaHolds) {
  for_each_job_of_floats(Op::sum, [](const Job& job) {
    const FloatFormat format = format_of(job.request.type);
    const std::int64_t most = std::int64_t{1} << (shape_of(job.request.type).mantissa + 1);
    std::int64_t greatest = 0;
    for (std::uint64_t element = 0; element < 4096; ++element) {
      std::int64_t all = 0;
      for (int rank = 0; rank < job.ranks; ++rank)
        all += std::abs(summand(format, common_bits(job, element), rank, job.ranks));
      greatest = std::max(greatest, all);
    }
    EXPECT_LE(greatest, most) << name(job);
    EXPECT_GT(greatest, most / 4) << name(job) << ": room is left unused";
  });
}

TEST(CollectiveValues, EveryPartialSumInEveryOrderIsOneOfTheType) {
  for_each_job_of_floats(Op::sum, [](const Job& job) {
    const DataType type = job.request.type;
    for (std::uint64_t element = 0; element < 256; ++element) {
      const std::vector<Real> sums =
          of_subsets(contributions(job, element), 0, [](Real a, Real b) { return a + b; });
      for (const Real sum : sums) ASSERT_TRUE(holds(type, sum)) << name(job) << ", element " << element;
      ASSERT_EQ(result(job, element), encoded_by_ldexp(type, sums.back()))
          << name(job) << ", element " << element;
    }
  });
}

/// NCCL multiplies each summand by 1 / ranks and adds up then (src/device/reduce_kernel.h, FuncPreMulSum);
/// its switches have no average.
TEST(CollectiveValues, AnAverageIsExactWhetherSummandsAreDividedOrTheirSum) {
  for_each_job_of_floats(Op::avg, [](const Job& job) {
    const DataType type = job.request.type;
    for (std::uint64_t element = 0; element < 256; ++element) {
      std::vector<Real> parts = contributions(job, element);
      for (const Real sum : of_subsets(parts, 0, [](Real a, Real b) { return a + b; }))
        ASSERT_TRUE(holds(type, sum)) << name(job) << ", element " << element;
      for (Real& part : parts) part /= job.ranks;
      const std::vector<Real> divided = of_subsets(parts, 0, [](Real a, Real b) { return a + b; });
      for (const Real sum : divided) ASSERT_TRUE(holds(type, sum)) << name(job) << ", element " << element;
      ASSERT_EQ(result(job, element), encoded_by_ldexp(type, divided.back()))
          << name(job) << ", element " << element;
    }
  });
}

TEST(CollectiveValues, EveryPartialProductInEveryOrderIsOneOfTheType) {
  for_each_job_of_floats(Op::prod, [](const Job& job) {
    const DataType type = job.request.type;
    for (std::uint64_t element = 0; element < 256; ++element) {
      const std::vector<Real> products =
          of_subsets(contributions(job, element), 1, [](Real a, Real b) { return a * b; });
      for (const Real product : products) {
        ASSERT_NE(product, 0);
        ASSERT_TRUE(holds(type, product)) << name(job) << ", element " << element;
      }
      ASSERT_EQ(result(job, element), encoded_by_ldexp(type, products.back()))
          << name(job) << ", element " << element;
    }
  });
}

TEST(CollectiveValues, TheLeastAndTheGreatestAreAmongFiniteNumbersThatAreNotZero) {
  for (const Op op : {Op::min, Op::max}) {
    for_each_job_of_floats(op, [op](const Job& job) {
      const DataType type = job.request.type;
      for (std::uint64_t element = 0; element < 1024; ++element) {
        std::vector<Real> all;
        for (int rank = 0; rank < job.ranks; ++rank) {
          const std::optional<Real> value = decoded(type, contribution(job, element, rank));
          ASSERT_TRUE(value.has_value()) << name(job) << ", element " << element;
          ASSERT_NE(*value, 0);
          ASSERT_TRUE(holds(type, *value)) << "a subnormal number may be flushed to zero";
          all.push_back(*value);
        }
        const Real best = op == Op::min ? *std::min_element(all.begin(), all.end())
                                        : *std::max_element(all.begin(), all.end());
        ASSERT_EQ(result(job, element), encoded_by_ldexp(type, best)) << name(job) << ", element " << element;
      }
    });
  }
}

/// Some integers of every size that a sum can have, at both ends and between.
std::vector<std::int64_t> integers_up_to(std::int64_t most) {
  std::set<std::int64_t> all{0};
  for (std::int64_t power = 1; power <= most; power *= 2) {
    for (const std::int64_t one : {power - 1, power, power + 1, power + power / 3, 2 * power - 1}) {
      if (one > most) continue;
      all.insert(one);
      all.insert(-one);
    }
  }
  return {all.begin(), all.end()};
}

TEST(CollectiveValues, AnIntegerTimesAPowerOfTwoIsEncodedAsItsValue) {
  for (const DataType type : kFloats) {
    const FloatFormat format = format_of(type);
    const int m = shape_of(type).mantissa;
    EXPECT_EQ(format.mantissa_bits, m);
    EXPECT_EQ((1 << (format.exponent_bits - 1)) - 1, shape_of(type).bias);
    for (const std::int64_t integer : integers_up_to(std::int64_t{1} << (m + 1))) {
      for (int exponent = format.least_exponent - 3; exponent <= format.greatest_exponent; ++exponent) {
        const Real value = std::ldexp(static_cast<Real>(integer), exponent);
        ASSERT_TRUE(holds(type, value)) << nccl::name_of(type) << " " << integer << " times 2^" << exponent;
        const std::uint64_t bits = encoded(format, integer, exponent);
        ASSERT_EQ(bits, encoded_by_ldexp(type, value)) << nccl::name_of(type) << " " << integer;
        ASSERT_EQ(decoded(type, bits), value);
      }
    }
  }
}

TEST(CollectiveValues, EncodedFloatsAndDoublesAreTheMachines) {
  for (const std::int64_t integer : integers_up_to(1 << 24)) {
    for (const int exponent : {-33, -1, 0, 30}) {
      EXPECT_EQ(encoded(format_of(DataType::f32), integer, exponent),
                std::bit_cast<std::uint32_t>(std::ldexp(static_cast<float>(integer), exponent)));
      EXPECT_EQ(encoded(format_of(DataType::f64), integer, exponent),
                std::bit_cast<std::uint64_t>(std::ldexp(static_cast<double>(integer), exponent)));
    }
  }
}

/// Every bit pattern of eight bits, a few thousand of the rest, with neighbours.
std::vector<std::uint64_t> patterns(DataType type) {
  std::vector<std::uint64_t> all;
  if (bits_in(type) == 8) {
    for (std::uint64_t bits = 0; bits < 256; ++bits) all.push_back(bits);
    return all;
  }
  const std::uint64_t sign = std::uint64_t{1} << (bits_in(type) - 1), mask = mask_of(type);
  for (const std::uint64_t bits :
       {std::uint64_t{0}, std::uint64_t{1}, sign, sign + 1, sign - 1, mask, mask - 1})
    all.push_back(bits);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::uint64_t bits = memory::mix64(i) & mask;
    for (const std::uint64_t one : {bits, bits ^ 1, bits ^ sign, (bits + 1) & mask}) all.push_back(one);
  }
  return all;
}

/// By what the bits mean; a mantissa of 64 bits holds every integer of 64.
std::optional<Real> value_of(DataType type, std::uint64_t bits) {
  if (is_float(type)) return decoded(type, bits);
  if (type == DataType::i8) return static_cast<Real>(static_cast<std::int8_t>(bits));
  if (type == DataType::i32) return static_cast<Real>(static_cast<std::int32_t>(bits));
  if (type == DataType::i64) return static_cast<Real>(static_cast<std::int64_t>(bits));
  return static_cast<Real>(bits);
}

TEST(CollectiveValues, KeysHaveTheOrderOfTheValues) {
  for (int number = 0; number < nccl::kDataTypes; ++number) {
    const auto type = static_cast<DataType>(number);
    const std::vector<std::uint64_t> all = patterns(type);
    for (const std::uint64_t a : all) {
      for (const std::uint64_t b : all) {
        const std::optional<Real> first = value_of(type, a), second = value_of(type, b);
        if (!first || !second || *first == *second) continue;
        ASSERT_EQ(key_of(type, a) < key_of(type, b), *first < *second)
            << nccl::name_of(type) << std::hex << " " << a << " " << b;
      }
    }
  }
}

TEST(CollectiveValues, DivisionTruncatesTowardsZero) {
  for (const DataType type : kIntegers) {
    for (const std::uint64_t bits : patterns(type)) {
      for (int by = 1; by <= kMostRanks; ++by) {
        const std::uint64_t quotient = divided(type, bits, by);
        const Real dividend = value_of(type, bits).value(), back = value_of(type, quotient).value();
        ASSERT_EQ(quotient & ~mask_of(type), 0u);
        // An integer of 64 bits over one of four is not one of 64: what is left over is compared instead.
        const Real rest = dividend - back * by;
        ASSERT_LT(std::fabs(rest), by) << nccl::name_of(type) << " " << bits << " / " << by;
        ASSERT_TRUE(rest == 0 || (rest < 0) == (dividend < 0))
            << nccl::name_of(type) << " " << bits << " / " << by;
      }
    }
  }
}

/// In the language's own arithmetic, which for types as short as int's is done in int.
template <typename T>
std::uint64_t wrapped(Op op, const Job& job, std::uint64_t element) {
  using Unsigned = std::make_unsigned_t<T>;
  auto all = static_cast<T>(contribution(job, element, 0));
  for (int rank = 1; rank < job.ranks; ++rank) {
    const auto own = static_cast<T>(contribution(job, element, rank));
    const auto a = static_cast<Unsigned>(all), b = static_cast<Unsigned>(own);
    if (op == Op::min || op == Op::max) {
      all = op == Op::min ? std::min(all, own) : std::max(all, own);
    } else {
      all = static_cast<T>(static_cast<Unsigned>(op == Op::prod ? 1u * a * b : a + b));
    }
  }
  if (op == Op::avg) all = static_cast<T>(all / static_cast<T>(job.ranks));
  return static_cast<Unsigned>(all);
}

std::uint64_t wrapped_result(const Job& job, std::uint64_t element) {
  const Op op = job.request.op;
  switch (job.request.type) {
    case DataType::i8:
      return wrapped<std::int8_t>(op, job, element);
    case DataType::u8:
      return wrapped<std::uint8_t>(op, job, element);
    case DataType::i32:
      return wrapped<std::int32_t>(op, job, element);
    case DataType::u32:
      return wrapped<std::uint32_t>(op, job, element);
    case DataType::i64:
      return wrapped<std::int64_t>(op, job, element);
    default:
      return wrapped<std::uint64_t>(op, job, element);
  }
}

TEST(CollectiveValues, IntegersWrap) {
  for (const DataType type : kIntegers) {
    for (const Op op : kOps) {
      for (int ranks = 1; ranks <= kMostRanks; ++ranks) {
        const Job job = job_of(type, op, ranks, 5);
        for (std::uint64_t element = 0; element < 1024; ++element)
          ASSERT_EQ(result(job, element), wrapped_result(job, element))
              << name(job) << ", element " << element;
      }
    }
  }
}

constexpr std::uint64_t kMany = 4096;

/// The share of elements that two ranks' contributions have alike.
double alike(const Job& job, int a, int b) {
  std::uint64_t same = 0;
  for (std::uint64_t element = 0; element < kMany; ++element)
    same += contribution(job, element, a) == contribution(job, element, b) ? 1u : 0u;
  return static_cast<double>(same) / static_cast<double>(kMany);
}

/// Of random values out of so many it is one in so many that two have alike, with a spread of less than 0.01.
double most_alike(const Job& job) {
  const DataType type = job.request.type;
  constexpr double kSpread = 0.04;
  if (!is_float(type)) return (job.request.op == Op::prod ? 2 : 1) * std::ldexp(1, -8) + kSpread;
  if (job.request.op != Op::sum) return kSpread;
  const int bits_for_ranks = std::bit_width(static_cast<unsigned>(job.ranks - 1));
  return std::ldexp(1, bits_for_ranks - shape_of(type).mantissa - 2) + kSpread;
}

/// All but products, of which all but one rank bring powers of two.
TEST(CollectiveValues, RanksBringDifferentValues) {
  for (int type = 0; type < nccl::kDataTypes; ++type) {
    for (const Op op : kOps) {
      if (op == Op::avg || (op == Op::prod && is_float(static_cast<DataType>(type)))) continue;
      for (const int ranks : {2, 3, 8}) {
        const Job job = job_of(static_cast<DataType>(type), op, ranks, 3);
        for (int a = 0; a < ranks; ++a) {
          for (int b = 0; b < a; ++b)
            EXPECT_LE(alike(job, a, b), most_alike(job)) << name(job) << " " << a << " " << b;
        }
      }
    }
  }
}

/// A contribution that is lost must show: in each rank's every part of a product at least some elements need
/// it.
TEST(CollectiveValues, EveryRankHasAPartInProducts) {
  for (const DataType type : kFloats) {
    for (const int ranks : {2, 3, 8}) {
      const Job job = job_of(type, Op::prod, ranks, 3);
      for (int rank = 0; rank < ranks; ++rank) {
        int others_than_one = 0;
        for (std::uint64_t element = 0; element < kMany; ++element)
          others_than_one += contribution(job, element, rank) != encoded(format_of(type), 1, 0) ? 1 : 0;
        EXPECT_GT(others_than_one, static_cast<int>(kMany) / 16) << name(job) << " " << rank;
      }
    }
  }
}

std::size_t distinct_results(const Job& job) {
  std::set<std::uint64_t> all;
  for (std::uint64_t element = 0; element < kMany; ++element) all.insert(result(job, element));
  return all.size();
}

/// Of 4,096 elements: nearly all, where the type has so many values. Of a product, as many as it can have by
/// two signs, three exponents and the mantissas. An average of short integers has as many as are left of 256.
std::size_t least_distinct(const Job& job) {
  const DataType type = job.request.type;
  const Op op = job.request.op;
  if (bits_in(type) >= 32) return 3900;
  if (!is_float(type)) return op == Op::avg ? 256 / static_cast<unsigned>(job.ranks) : 100;
  if (op == Op::prod) return std::min(std::size_t{2000}, std::size_t{5} << shape_of(type).mantissa);
  return bits_in(type) == 16 ? 2000 : 60;
}

TEST(CollectiveValues, ResultsHaveManyValues) {
  for (int type = 0; type < nccl::kDataTypes; ++type) {
    for (const Op op : kOps) {
      for (const int ranks : {1, 2, 8}) {
        const Job job = job_of(static_cast<DataType>(type), op, ranks, 11);
        EXPECT_GE(distinct_results(job), least_distinct(job)) << name(job);
      }
    }
  }
}

TEST(CollectiveValues, SumsHaveManyExponentsAndBothSigns) {
  for_each_job_of_floats(Op::sum, [](const Job& job) {
    const Shape shape = shape_of(job.request.type);
    std::set<std::uint64_t> exponents;
    std::uint64_t negative = 0;
    for (std::uint64_t element = 0; element < kMany; ++element) {
      const std::uint64_t bits = result(job, element);
      negative += bits >> (shape.bits - 1);
      exponents.insert(bits >> shape.mantissa & ((1u << (shape.bits - 1 - shape.mantissa)) - 1));
    }
    const FloatFormat format = format_of(job.request.type);
    EXPECT_GE(exponents.size(), static_cast<std::size_t>(format.greatest_exponent - format.least_exponent))
        << name(job);
    EXPECT_GT(negative, kMany / 4) << name(job);
    EXPECT_LT(negative, kMany - kMany / 4) << name(job);
  });
}

std::size_t distinct_contributions(const Job& job, int rank) {
  std::set<std::uint64_t> all;
  for (std::uint64_t element = 0; element < kMany; ++element) all.insert(contribution(job, element, rank));
  return all.size();
}

TEST(CollectiveValues, NoRanksSummandsHaveFewerValuesThanAnothers) {
  for (const Op op : {Op::sum, Op::min}) {
    for_each_job_of_floats(op, [](const Job& job) {
      std::vector<std::size_t> distinct;
      for (int rank = 0; rank < job.ranks; ++rank) distinct.push_back(distinct_contributions(job, rank));
      const auto [least, most] = std::minmax_element(distinct.begin(), distinct.end());
      EXPECT_GE(*least, *most * 3 / 4) << name(job) << ": " << testing::PrintToString(distinct);
    });
  }
}

/// Pairs of bits that have the same value, or opposite ones, in every element: a wire that takes another's
/// value would not show in them. One bit with itself stands for one that never changes.
std::vector<std::string> bound_bits(unsigned width, const std::vector<std::uint64_t>& words) {
  std::vector<std::string> found;
  for (unsigned a = 0; a < width; ++a) {
    for (unsigned b = 0; b <= a; ++b) {
      std::size_t differ = 0;
      for (const std::uint64_t bits : words) differ += (bits >> a ^ (a == b ? 0 : bits >> b)) & 1;
      if (differ == 0 || differ == words.size())
        found.push_back(std::to_string(a) + " and " + std::to_string(b));
    }
  }
  return found;
}

/// A float's without those of its exponent but the lowest, which stay within a range.
std::uint64_t free_bits(DataType type, std::uint64_t bits) {
  if (!is_float(type)) return bits;
  const Shape shape = shape_of(type);
  const std::uint64_t low = (std::uint64_t{1} << (shape.mantissa + 1)) - 1;
  return (bits & low) | bits >> (shape.bits - 1) << (shape.mantissa + 1);
}
unsigned free_width(DataType type) {
  return is_float(type) ? static_cast<unsigned>(shape_of(type).mantissa) + 2 : bits_in(type);
}

/// All but averages of integers, whose upper bits are copies of the sign, and products of integers, which are
/// odd.
TEST(CollectiveValues, NoBitOfAResultIsBoundToAnother) {
  for (int number = 0; number < nccl::kDataTypes; ++number) {
    const auto type = static_cast<DataType>(number);
    for (const Op op : kOps) {
      if (!is_float(type) && (op == Op::prod || op == Op::avg)) continue;
      for (const int ranks : {1, 2, 3, 8}) {
        if (op == Op::avg && ranks == 3) continue;
        const Job job = job_of(type, op, ranks, 13);
        std::vector<std::uint64_t> words;
        for (std::uint64_t element = 0; element < kMany; ++element)
          words.push_back(free_bits(type, result(job, element)));
        const auto bound = bound_bits(free_width(type), words);
        EXPECT_TRUE(bound.empty()) << name(job) << ": " << testing::PrintToString(bound);
      }
    }
  }
}

/// Of the one rank whose part of a product is no power of two.
TEST(CollectiveValues, NoBitOfARanksMantissaIsBoundToAnother) {
  for (const DataType type : kFloats) {
    for (const int ranks : {2, 3, 8}) {
      const Job job = job_of(type, Op::prod, ranks, 13);
      for (int rank = 0; rank < ranks; ++rank) {
        std::vector<std::uint64_t> words;
        for (std::uint64_t element = 0; element < kMany; ++element) {
          if (rank_with_mantissa(common_bits(job, element), ranks) != rank) continue;
          const std::uint64_t all = contribution(job, element, rank);
          // Only some ranks scale: no bit of the exponent.
          const std::uint64_t mantissa = all & ((std::uint64_t{1} << shape_of(type).mantissa) - 1);
          words.push_back(mantissa | all >> (shape_of(type).bits - 1) << shape_of(type).mantissa);
        }
        const auto bound = bound_bits(free_width(type) - 1, words);
        EXPECT_TRUE(bound.empty()) << name(job) << ", rank " << rank << ": " << testing::PrintToString(bound);
      }
    }
  }
}

TEST(CollectiveValues, NoBitOfWhatIsCarriedIsBoundToAnother) {
  for (int number = 0; number < nccl::kDataTypes; ++number) {
    Job job = job_of(static_cast<DataType>(number), Op::sum, 8, 13);
    job.request.collective = Collective::all_to_all;
    std::vector<std::uint64_t> words;
    for (std::uint64_t element = 0; element < kMany; ++element) words.push_back(sent(job, element));
    const auto bound = bound_bits(bits_in(job.request.type), words);
    EXPECT_TRUE(bound.empty()) << nccl::name_of(job.request.type) << ": " << testing::PrintToString(bound);
  }
}

TEST(CollectiveValues, WhatIsCarriedDiffersByWayAndPlace) {
  const Job job = job_of(DataType::u64, Op::sum, 8, 7);
  std::set<std::uint64_t> all;
  std::size_t values = 0;
  for (int from = 0; from < job.ranks; ++from) {
    for (const int to : {0, 1, 2, 3, 4, 5, 6, 7, kAll}) {
      for (std::uint64_t element = 0; element < 256; ++element) {
        all.insert(carried(job, from, to, element));
        ++values;
      }
    }
  }
  EXPECT_EQ(all.size(), values);
}

TEST(CollectiveValues, AnotherSeedHasOtherValues) {
  for (int type = 0; type < nccl::kDataTypes; ++type) {
    for (const Op op : kOps) {
      const Job one = job_of(static_cast<DataType>(type), op, 8, 100),
                next = job_of(one.request.type, op, 8, 101);
      std::uint64_t same = 0;
      for (std::uint64_t element = 0; element < kMany; ++element)
        same += result(one, element) == result(next, element) ? 1u : 0u;
      EXPECT_LT(same, kMany / 8) << name(one);
    }
  }
}

}  // namespace
}  // namespace assay::collective
