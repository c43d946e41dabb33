// What collectives must come to, computed as an independent host does it: in the arithmetic of each type,
// step by step, and in other orders too. Nothing of what fills and looks through the buffers is used.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "harness/node/collective.h"

namespace assay::collective {

using nccl::Collective;
using nccl::DataType;
using nccl::Op;
using nccl::Request;

/// The bits of each.
using Elements = std::vector<std::uint64_t>;

inline bool is_fp8(DataType type) {
  return type == DataType::e4m3 || type == DataType::e5m2;
}
inline bool is_real(DataType type) {
  return type == DataType::f16 || type == DataType::bf16 || type == DataType::f32 || type == DataType::f64 ||
         is_fp8(type);
}
inline bool has_sign(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}
inline bool is_power_of_two(int ranks) {
  return (ranks & (ranks - 1)) == 0;
}
/// Alone, a rank does not scale fp8 (NCCL 2.28.9, src/device/onerank.cu).
inline bool can(DataType type, Op op, int ranks) {
  return op != Op::avg || (is_power_of_two(ranks) && !(ranks == 1 && is_fp8(type)));
}

// Arithmetic of each type, step by step.

/// IEEE 754-2019, table 3.5; bf16: PTX ISA 9.0, 5.2.3; fp8: "FP8 formats for deep learning" (arXiv
/// 2209.05433), table 1.
struct Shape {
  int bits, mantissa, bias;
  double greatest;
};
inline Shape shape_of(DataType type) {
  switch (type) {
    case DataType::f64:
      return {64, 52, 1023, std::numeric_limits<double>::max()};
    case DataType::f32:
      return {32, 23, 127, std::numeric_limits<float>::max()};
    case DataType::bf16:
      return {16, 7, 127, std::ldexp(255, 120)};
    case DataType::f16:
      return {16, 10, 15, 65504};
    case DataType::e4m3:
      return {8, 3, 7, 448};
    default:
      return {8, 2, 15, 57344};
  }
}

inline double decoded(DataType type, std::uint64_t bits) {
  const Shape shape = shape_of(type);
  const auto field =
      static_cast<int>(bits >> shape.mantissa & ((1u << (shape.bits - 1 - shape.mantissa)) - 1));
  const std::uint64_t hidden = field == 0 ? 0 : std::uint64_t{1} << shape.mantissa;
  const std::uint64_t significand = (bits & ((std::uint64_t{1} << shape.mantissa) - 1)) | hidden;
  const double magnitude =
      std::ldexp(static_cast<double>(significand), std::max(field, 1) - shape.bias - shape.mantissa);
  return (bits >> (shape.bits - 1) & 1) != 0 ? -magnitude : magnitude;
}

/// Rounded to nearest, ties to even; what is too large becomes the greatest.
inline std::uint64_t encoded_in(DataType type, double value) {
  const Shape shape = shape_of(type);
  const std::uint64_t sign = std::signbit(value) ? std::uint64_t{1} << (shape.bits - 1) : 0;
  const double magnitude = std::min(std::fabs(value), shape.greatest);
  if (magnitude == 0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), 1 - shape.bias);
  const double units = std::nearbyint(std::ldexp(magnitude, shape.mantissa - exponent));
  // A mantissa that rounds up to the next power of two carries into the exponent.
  return sign | ((static_cast<std::uint64_t>(exponent + shape.bias - 1) << shape.mantissa) +
                 static_cast<std::uint64_t>(units));
}

template <typename T>
std::uint64_t bits_of(T value) {
  return static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(value));
}

/// Calls act(T()) with the type of the language.
template <typename Act>
std::uint64_t with_integer(DataType type, const Act& act) {
  switch (type) {
    case DataType::i8:
      return act(std::int8_t{});
    case DataType::u8:
      return act(std::uint8_t{});
    case DataType::i32:
      return act(std::int32_t{});
    case DataType::u32:
      return act(std::uint32_t{});
    case DataType::i64:
      return act(std::int64_t{});
    default:
      return act(std::uint64_t{});
  }
}

/// Signed ones wrap by detour over unsigned ones of 64 bits.
template <typename T>
T combined_integers(Op op, T a, T b) {
  const std::uint64_t x = bits_of(a), y = bits_of(b);
  switch (op) {
    case Op::prod:
      return static_cast<T>(x * y);
    case Op::max:
      return std::max(a, b);
    case Op::min:
      return std::min(a, b);
    default:
      return static_cast<T>(x + y);
  }
}

inline double combined_reals(Op op, double a, double b) {
  switch (op) {
    case Op::prod:
      return a * b;
    case Op::max:
      return std::max(a, b);
    case Op::min:
      return std::min(a, b);
    default:
      return a + b;
  }
}

/// Rounded to the type. Of f16 and shorter ones, and of f32 (24 bits, of the double's 53: more than twice as
/// many and two), rounding a double's sum once more is rounding the sum.
inline std::uint64_t combined(DataType type, Op op, std::uint64_t a, std::uint64_t b) {
  if (is_real(type)) return encoded_in(type, combined_reals(op, decoded(type, a), decoded(type, b)));
  return with_integer(type, [&](auto of_type) {
    using T = decltype(of_type);
    return bits_of(combined_integers<T>(op, static_cast<T>(a), static_cast<T>(b)));
  });
}

inline std::uint64_t over(DataType type, std::uint64_t bits, int by) {
  if (is_real(type)) return encoded_in(type, decoded(type, bits) / by);
  return with_integer(type, [&](auto of_type) {
    using T = decltype(of_type);
    return bits_of(static_cast<T>(static_cast<T>(bits) / static_cast<T>(by)));
  });
}

inline std::uint64_t one_after_another(DataType type, Op op, const Elements& parts) {
  std::uint64_t all = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) all = combined(type, op, all, parts[i]);
  return all;
}

inline std::uint64_t in_pairs(DataType type, Op op, Elements parts) {
  while (parts.size() > 1) {
    Elements next;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      next.push_back(combined(type, op, parts[i], parts[i + 1]));
    if (parts.size() % 2 != 0) next.push_back(parts.back());
    parts = next;
  }
  return parts[0];
}

/// From the first rank on.
inline std::uint64_t reduced(DataType type, Op op, const Elements& parts, int ranks) {
  const std::uint64_t all = one_after_another(type, op, parts);
  return op == Op::avg ? over(type, all, ranks) : all;
}

/// In other orders: a chain from the last to the first; in pairs; and NCCL's of floats, where each is scaled
/// before.
inline Elements reduced_otherwise(DataType type, Op op, Elements parts) {
  const auto ranks = static_cast<int>(parts.size());
  std::reverse(parts.begin(), parts.end());
  Elements all{reduced(type, op, parts, ranks)};
  all.push_back(in_pairs(type, op, parts));
  if (op != Op::avg) return all;
  all.back() = over(type, all.back(), ranks);
  if (!is_real(type)) return all;
  for (std::uint64_t& part : parts) part = over(type, part, ranks);
  all.push_back(one_after_another(type, op, parts));
  return all;
}

// Collectives.

/// By rank, element `element`.
inline Elements parts_of(const std::vector<Elements>& sent, std::size_t element) {
  Elements parts;
  for (const Elements& of_rank : sent) parts.push_back(of_rank.at(element));
  return parts;
}

inline Elements reduced_elements(const Request& request, const std::vector<Elements>& sent) {
  Elements all;
  for (std::size_t i = 0; i < sent[0].size(); ++i) {
    const Elements parts = parts_of(sent, i);
    all.push_back(reduced(request.type, request.op, parts, static_cast<int>(sent.size())));
    for (const std::uint64_t otherwise : reduced_otherwise(request.type, request.op, parts))
      EXPECT_EQ(otherwise, all.back()) << "element " << i << ": the order of addition matters";
  }
  return all;
}

inline Elements part(const Elements& of, std::size_t number, std::uint64_t count) {
  const auto first = of.begin() + static_cast<std::ptrdiff_t>(number * count);
  EXPECT_LE((number + 1) * count, of.size());
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

inline void append(Elements& to, const Elements& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// What each rank has afterwards (nccl.h of NCCL 2.28.9), of what each has sent.
inline std::vector<Elements> played(const Request& request, const std::vector<Elements>& sent) {
  const std::size_t ranks = sent.size();
  const auto root = static_cast<std::size_t>(request.root);
  std::vector<Elements> received(ranks);
  Elements all;
  if (nccl::reduces(request.collective)) all = reduced_elements(request, sent);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    switch (request.collective) {
      case Collective::all_reduce:
        received[rank] = all;
        break;
      case Collective::reduce:
        if (rank == root) received[rank] = all;
        break;
      case Collective::reduce_scatter:
        received[rank] = part(all, rank, request.count);
        break;
      case Collective::all_gather:
        for (const Elements& of_other : sent) append(received[rank], of_other);
        break;
      case Collective::broadcast:
        received[rank] = sent[root];
        break;
      case Collective::all_to_all:
        for (const Elements& of_other : sent) append(received[rank], part(of_other, rank, request.count));
        break;
      case Collective::gather:
        if (rank != root) break;
        for (const Elements& of_other : sent) append(received[rank], of_other);
        break;
      case Collective::scatter:
        received[rank] = part(sent[root], rank, request.count);
        break;
      case Collective::send_receive:
        received[rank] = sent[(rank + ranks - 1) % ranks];
        break;
    }
  }
  return received;
}

}  // namespace assay::collective
