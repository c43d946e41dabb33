// Elements differ from one another and from rank to rank, so that one which is lost, exchanged or carried
// over a broken wire shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "kernels/collective_data/values_fixture.h"

namespace assay::collective {
namespace {

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
