// What each element holds before a collective, and what it is to hold afterwards: pure functions of its
// place, for the card, for the emulation and for tests.
//
// Bytes that are only carried are random. What is added up is exact in any order of addition, so that one
// value alone is right, bit by bit: integers times one power of two for each element, whose absolute values
// do not add up to more than the type's mantissa holds. Of a product one rank has any mantissa, the others
// powers of two. The least and the greatest are among any numbers. Integers are any bits: NCCL wraps.
#pragma once

#include <cstdint>

#include "harness/node/collective.h"
#include "kernels/memory_patterns.h"

namespace assay::collective {

using nccl::Collective;
using nccl::DataType;
using nccl::Op;

/// A rank's part of a collective, and the seed of its data.
struct Job {
  nccl::Request request;
  int rank = 0, ranks = 1;
  std::uint64_t seed = 0;
};

/// Of a binary floating-point type.
struct FloatFormat {
  int exponent_bits, mantissa_bits;
  int least_exponent, greatest_exponent;  // that elements of a sum are multiples of, as powers of two
};

ASSAY_HD constexpr bool is_float(DataType type) {
  return type == DataType::f16 || type == DataType::f32 || type == DataType::f64 || type == DataType::bf16 ||
         type == DataType::e4m3 || type == DataType::e5m2;
}
ASSAY_HD constexpr bool is_signed(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}

/// Exponents: an eighth of the least, which an average needs, is still a normal number, and a sum of the
/// greatest is still one (PTX ISA 9.0: e4m3 ends at 448).
ASSAY_HD constexpr FloatFormat format_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return {11, 52, -60, 60};
    case DataType::f32:
      return {8, 23, -30, 30};
    case DataType::bf16:
      return {8, 7, -30, 30};
    case DataType::f16:
      return {5, 10, -8, 4};
    case DataType::e4m3:
      return {4, 3, -2, 3};
    default:
      return {5, 2, -8, 8};
  }
}

ASSAY_HD constexpr unsigned bits_in(DataType type) {
  switch (type) {
    case DataType::i64:
    case DataType::u64:
    case DataType::f64:
      return 64;
    case DataType::i32:
    case DataType::u32:
    case DataType::f32:
      return 32;
    case DataType::f16:
    case DataType::bf16:
      return 16;
    default:
      return 8;
  }
}

ASSAY_HD constexpr std::uint64_t mask_of(DataType type) {
  return ~std::uint64_t{0} >> (64 - bits_in(type));
}

ASSAY_HD inline int leading_bit(std::uint64_t nonzero) {
#if defined(__CUDA_ARCH__)
  return 63 - __clzll(static_cast<long long>(nonzero));
#else
  return 63 - __builtin_clzll(nonzero);
#endif
}

ASSAY_HD constexpr std::uint64_t rotated(std::uint64_t bits, int by) {
  return by % 64 == 0 ? bits : bits << (by % 64) | bits >> (64 - by % 64);
}

/// integer x 2^exponent, which the format holds as a normal number.
ASSAY_HD inline std::uint64_t encoded(const FloatFormat& format, std::int64_t integer, int exponent) {
  if (integer == 0) return 0;
  const auto magnitude = static_cast<std::uint64_t>(integer < 0 ? -integer : integer);
  const int leading = leading_bit(magnitude), m = format.mantissa_bits,
            bias = (1 << (format.exponent_bits - 1)) - 1;
  const std::uint64_t significand = leading >= m ? magnitude >> (leading - m) : magnitude << (m - leading);
  const std::uint64_t sign = integer < 0 ? std::uint64_t{1} << (m + format.exponent_bits) : 0;
  return sign | static_cast<std::uint64_t>(leading + exponent + bias) << m |
         (significand & ((std::uint64_t{1} << m) - 1));
}

/// Of each element, what all ranks' values of it are made of.
ASSAY_HD constexpr std::uint64_t common_bits(const Job& job, std::uint64_t element) {
  return memory::mix64(job.seed ^ element * 0xd1342543de82ef95ULL);
}

/// Bits that differ from rank to rank: what an element has in common, turned.
ASSAY_HD constexpr std::uint64_t bits_of_rank(std::uint64_t common, int rank) {
  return rotated(common, rank * 7) ^ static_cast<std::uint64_t>(rank) * 0x9e3779b97f4a7c15ULL;
}

// Sums.

ASSAY_HD constexpr int exponent_of_sum(const FloatFormat& format, std::uint64_t common) {
  const auto choices = static_cast<std::uint64_t>(format.greatest_exponent - format.least_exponent + 1);
  return format.least_exponent + static_cast<int>((memory::mix64(common) >> 56) * choices >> 8);
}

/// A rank's part, as an integer. The last ranks have none where the type has no room for so many.
ASSAY_HD inline std::int64_t summand(const FloatFormat& format, std::uint64_t common, int rank, int ranks) {
  const int room = format.mantissa_bits + 1;  // 2^room is the greatest sum of absolute values
  int bits_for_ranks = 0;
  while ((1 << bits_for_ranks) < ranks) ++bits_for_ranks;
  if (bits_for_ranks > room) bits_for_ranks = room;
  if (rank >= 1 << bits_for_ranks) return 0;
  const std::int64_t most = std::int64_t{1} << (room - bits_for_ranks);
  const std::uint64_t own = bits_of_rank(common, rank);
  // From -most to most - 1, or from 1 - most to most: where most is 1, one of them alone would have one sign.
  const std::int64_t value = static_cast<std::int64_t>(own & static_cast<std::uint64_t>(2 * most - 1)) - most;
  return (own >> 55 & 1) != 0 ? -value : value;
}

// Products: exponents of powers of two among the first few ranks, of which all partial products stay in
// range.

inline constexpr int kScalingRanks = 4;

ASSAY_HD constexpr int ranks_exponent(std::uint64_t common, int rank) {
  const auto random = static_cast<int>(common >> (2 * rank) & 3);
  return rank < kScalingRanks && random < 3 ? random - 1 : 0;  // -1, 0, 1
}
ASSAY_HD constexpr int rank_with_mantissa(std::uint64_t common, int ranks) {
  return static_cast<int>((common >> 48 & 0xff) * static_cast<std::uint64_t>(ranks) >> 8);
}
/// From 1 to 2, as an integer of the format's mantissa; its sign.
ASSAY_HD constexpr std::int64_t mantissa_of_product(const FloatFormat& format, std::uint64_t common) {
  const std::uint64_t random = memory::mix64(common);
  const auto magnitude = static_cast<std::int64_t>(
      std::uint64_t{1} << format.mantissa_bits | (random & ((std::uint64_t{1} << format.mantissa_bits) - 1)));
  return random >> 63 != 0 ? -magnitude : magnitude;
}

// The least and the greatest: any number but zero, whose sign could be either, infinity and NaN.

ASSAY_HD constexpr std::uint64_t any_number(const FloatFormat& format, std::uint64_t random) {
  const int m = format.mantissa_bits;
  const auto fields = (std::uint64_t{1} << format.exponent_bits) - 2;  // neither the lowest nor the highest
  const std::uint64_t field = 1 + ((random >> 32 & 0xffff) * fields >> 16);
  return (random >> 63) << (m + format.exponent_bits) | field << m |
         (memory::mix64(random) & ((std::uint64_t{1} << m) - 1));
}

/// In the order of their values.
ASSAY_HD constexpr std::uint64_t key_of(DataType type, std::uint64_t bits) {
  const std::uint64_t sign = std::uint64_t{1} << (bits_in(type) - 1);
  if (is_float(type)) return (bits & sign) != 0 ? ~bits & mask_of(type) : bits | sign;
  return is_signed(type) ? bits ^ sign : bits;
}

/// What a rank brings to a reduction.
ASSAY_HD inline std::uint64_t contribution(const Job& job, std::uint64_t element, int rank) {
  const DataType type = job.request.type;
  const Op op = job.request.op;
  const std::uint64_t common = common_bits(job, element), own = bits_of_rank(common, rank);
  if (!is_float(type)) return (op == Op::prod ? own | 1 : own) & mask_of(type);
  const FloatFormat format = format_of(type);
  if (op == Op::min || op == Op::max) return any_number(format, memory::mix64(own));
  if (op == Op::prod) {
    const int exponent = ranks_exponent(common, rank);
    if (rank != rank_with_mantissa(common, job.ranks)) return encoded(format, 1, exponent);
    return encoded(format, mantissa_of_product(format, common), exponent - format.mantissa_bits);
  }
  return encoded(format, summand(format, common, rank, job.ranks), exponent_of_sum(format, common));
}

/// By a number of ranks that is a power of two.
ASSAY_HD constexpr int log2_of(int ranks) {
  int log = 0;
  while ((1 << log) < ranks) ++log;
  return log;
}

ASSAY_HD inline std::uint64_t result_of_floats(const Job& job, std::uint64_t common) {
  const FloatFormat format = format_of(job.request.type);
  if (job.request.op == Op::prod) {
    int exponent = 0;
    for (int rank = 0; rank < job.ranks; ++rank) exponent += ranks_exponent(common, rank);
    return encoded(format, mantissa_of_product(format, common), exponent - format.mantissa_bits);
  }
  std::int64_t sum = 0;
  for (int rank = 0; rank < job.ranks; ++rank) sum += summand(format, common, rank, job.ranks);
  const int divided = job.request.op == Op::avg ? log2_of(job.ranks) : 0;
  return encoded(format, sum, exponent_of_sum(format, common) - divided);
}

/// C++'s division, as NCCL's, truncates.
ASSAY_HD constexpr std::uint64_t divided(DataType type, std::uint64_t bits, int by) {
  if (!is_signed(type)) return bits / static_cast<std::uint64_t>(by);
  const unsigned unused = 64 - bits_in(type);
  const std::int64_t value = static_cast<std::int64_t>(bits << unused) >> unused;
  return static_cast<std::uint64_t>(value / by) & mask_of(type);
}

/// What comes of all ranks' contributions.
ASSAY_HD inline std::uint64_t result(const Job& job, std::uint64_t element) {
  const DataType type = job.request.type;
  const Op op = job.request.op;
  if (op == Op::min || op == Op::max) {
    std::uint64_t best = contribution(job, element, 0);
    for (int rank = 1; rank < job.ranks; ++rank) {
      const std::uint64_t other = contribution(job, element, rank);
      const bool is_less = key_of(type, other) < key_of(type, best);
      if (is_less == (op == Op::min)) best = other;
    }
    return best;
  }
  const std::uint64_t common = common_bits(job, element);
  if (is_float(type)) return result_of_floats(job, common);
  std::uint64_t all = op == Op::prod ? 1 : 0;
  for (int rank = 0; rank < job.ranks; ++rank) {
    const std::uint64_t own = bits_of_rank(common, rank);
    all = op == Op::prod ? all * (own | 1) : all + own;
  }
  all &= mask_of(type);
  return op == Op::avg ? divided(type, all, job.ranks) : all;
}

/// What is carried from one rank to another.
ASSAY_HD constexpr std::uint64_t carried(const Job& job, int from, int to, std::uint64_t element) {
  const std::uint64_t way = static_cast<std::uint64_t>(from) << 8 | static_cast<std::uint64_t>(to);
  return memory::mix64(job.seed ^ memory::mix64(way) ^ element * 0xd1342543de82ef95ULL) &
         mask_of(job.request.type);
}

inline constexpr int kAll = 255;  // as the receiver of what all get

/// Element of the rank's send buffer.
ASSAY_HD inline std::uint64_t sent(const Job& job, std::uint64_t element) {
  const std::uint64_t count = job.request.count;
  switch (job.request.collective) {
    case Collective::all_reduce:
    case Collective::reduce:
    case Collective::reduce_scatter:
      return contribution(job, element, job.rank);
    case Collective::all_to_all:
    case Collective::scatter:
      return carried(job, job.rank, static_cast<int>(element / count), element % count);
    default:
      return carried(job, job.rank, kAll, element);
  }
}

/// Element of the rank's receive buffer, afterwards.
ASSAY_HD inline std::uint64_t received(const Job& job, std::uint64_t element) {
  const std::uint64_t count = job.request.count;
  switch (job.request.collective) {
    case Collective::all_reduce:
    case Collective::reduce:
      return result(job, element);
    case Collective::reduce_scatter:
      return result(job, static_cast<std::uint64_t>(job.rank) * count + element);
    case Collective::all_gather:
    case Collective::gather:
      return carried(job, static_cast<int>(element / count), kAll, element % count);
    case Collective::all_to_all:
      return carried(job, static_cast<int>(element / count), job.rank, element % count);
    case Collective::broadcast:
      return carried(job, job.request.root, kAll, element);
    case Collective::scatter:
      return carried(job, job.request.root, job.rank, element);
    default:
      return carried(job, (job.rank + job.ranks - job.request.distance % job.ranks) % job.ranks, kAll,
                     element);
  }
}

}  // namespace assay::collective
