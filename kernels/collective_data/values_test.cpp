// What collectives send is exact in any order of addition, and what comes of it is what values.h says.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <vector>

#include "kernels/collective_data/values_fixture.h"

namespace assay::collective {
namespace {

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

}  // namespace
}  // namespace assay::collective
