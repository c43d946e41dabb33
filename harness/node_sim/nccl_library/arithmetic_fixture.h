#pragma once
// What collectives must come to, by arithmetic of the tests' own: nothing of the stand-in's is used.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "harness/node/nccl_abi.h"

namespace assay::nccl {

/// Floats of up to 16 bits, by their definition.
class SmallFloats {
 public:
  SmallFloats(int exponent_bits, int mantissa_bits, bool has_infinity, bool saturates)
      : sign_(1u << (exponent_bits + mantissa_bits)), saturates_(saturates) {
    const int bias = (1 << (exponent_bits - 1)) - 1, highest = (1 << exponent_bits) - 1;
    for (unsigned bits = 0; bits < sign_; ++bits) {
      const auto field = static_cast<int>(bits >> mantissa_bits);
      const double fraction = std::ldexp(bits & ((1u << mantissa_bits) - 1), -mantissa_bits);
      const bool beyond = has_infinity ? field == highest : bits == sign_ - 1;
      if (beyond) break;
      positive_.push_back(field == 0 ? std::ldexp(fraction, 1 - bias)
                                     : std::ldexp(1 + fraction, field - bias));
    }
  }
  double value(std::uint64_t bits) const {
    const std::uint64_t magnitude = bits & (sign_ - 1);
    const double value = magnitude < positive_.size()    ? positive_[magnitude]
                         : magnitude == positive_.size() ? INFINITY
                                                         : NAN;
    return (bits & sign_) != 0 ? -value : value;
  }
  /// Looked up among all of them; between two, the one whose last bit is 0.
  std::uint64_t nearest(double value) const {
    const double magnitude = std::fabs(value);
    const std::uint64_t sign = std::signbit(value) ? sign_ : 0;
    const std::uint64_t greatest = positive_.size() - 1;
    const double step = positive_[greatest] - positive_[greatest - 1];
    if (magnitude >= positive_[greatest] + step / 2) return sign | (saturates_ ? greatest : greatest + 1);
    const auto at = std::upper_bound(positive_.begin(), positive_.end(), magnitude);
    const auto above = static_cast<std::uint64_t>(at - positive_.begin()), below = above - 1;
    if (above > greatest) return sign | greatest;
    const double up = positive_[above] - magnitude, down = magnitude - positive_[below];
    if (up == down) return sign | (below % 2 == 0 ? below : above);
    return sign | (up < down ? above : below);
  }

 private:
  std::uint64_t sign_;
  bool saturates_;
  std::vector<double> positive_;  // by their bits
};

inline const SmallFloats& small(DataType type) {
  static const SmallFloats f16(5, 10, true, false), bf16(8, 7, true, false), e4m3(4, 3, false, true),
      e5m2(5, 2, true, true);
  return type == DataType::f16 ? f16 : type == DataType::bf16 ? bf16 : type == DataType::e4m3 ? e4m3 : e5m2;
}

inline bool is_real(DataType type) {
  return type >= DataType::f16;
}

inline double value_of(DataType type, std::uint64_t bits) {
  if (type == DataType::f64) return std::bit_cast<double>(bits);
  if (type == DataType::f32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return small(type).value(bits);
}
inline std::uint64_t bits_of(DataType type, double value) {
  if (type == DataType::f64) return std::bit_cast<std::uint64_t>(value);
  if (type == DataType::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return small(type).nearest(value);
}

/// device/reduce_kernel.h: fp8 computes in half precision.
inline std::uint64_t rounded(DataType type, double exact) {
  if (bytes_of(type) > 1) return bits_of(type, exact);
  return bits_of(type, value_of(DataType::f16, bits_of(DataType::f16, exact)));
}

inline std::uint64_t mask_of(DataType type) {
  return ~std::uint64_t{0} >> (64 - 8 * bytes_of(type));
}
/// Of an integer of this type with these bits.
inline std::int64_t extended(DataType type, std::uint64_t bits) {
  const unsigned unused = 64 - 8 * bytes_of(type);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}
inline bool has_sign(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}

/// The operator over all inputs. These are such that the order does not matter.
inline std::uint64_t reduced(DataType type, Op op, const std::vector<std::uint64_t>& inputs) {
  const auto count = static_cast<double>(inputs.size());
  const auto combined = [&](std::uint64_t a, std::uint64_t b) {
    if (is_real(type)) {
      const double x = value_of(type, a), y = value_of(type, b);
      if (op == Op::min || op == Op::max) return (x < y) == (op == Op::min) ? a : b;
      return rounded(type, op == Op::prod ? x * y : x + y);
    }
    if (op == Op::min || op == Op::max) {
      const bool less = has_sign(type) ? extended(type, a) < extended(type, b) : a < b;
      return less == (op == Op::min) ? a : b;
    }
    return (op == Op::prod ? a * b : a + b) & mask_of(type);
  };
  const auto scaled = [&](std::uint64_t bits) {
    const bool scales = op == Op::avg && is_real(type);
    return scales ? rounded(type, value_of(type, bits) * value_of(type, bits_of(type, 1 / count))) : bits;
  };
  std::uint64_t result = scaled(inputs[0]);
  for (std::size_t i = 1; i < inputs.size(); ++i) result = combined(result, scaled(inputs[i]));
  if (op != Op::avg || is_real(type)) return result;
  const auto divisor = static_cast<std::int64_t>(inputs.size());
  if (has_sign(type)) return static_cast<std::uint64_t>(extended(type, result) / divisor) & mask_of(type);
  return result / static_cast<std::uint64_t>(divisor);
}

inline std::uint64_t hash(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Of floats, units whose sums are exact with up to eight ranks (their mantissas have so many bits and one
/// more); integers are anything.
inline std::uint64_t input(DataType type, Op op, int rank, int ranks, std::size_t index) {
  const std::uint64_t drawn = hash(static_cast<std::uint64_t>(rank) << 32 | index);
  if (!is_real(type)) return drawn & mask_of(type);
  const std::map<DataType, std::int64_t> most{{DataType::e5m2, 1},        {DataType::e4m3, 2},
                                              {DataType::bf16, 32},       {DataType::f16, 256},
                                              {DataType::f32, 1ll << 21}, {DataType::f64, 1ll << 50}};
  const std::int64_t limit = most.at(type);
  const auto unit = static_cast<double>(
      static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(2 * limit + 1)) - limit);
  const bool only = static_cast<int>(index % static_cast<std::size_t>(ranks)) == rank;
  if (op == Op::prod) {
    const double sign = drawn % 2 == 0 ? 1 : -1;
    return bits_of(type, only ? sign * static_cast<double>(1 + drawn / 2 % 3) : sign);
  }
  if (op != Op::avg) return bits_of(type, unit);
  // A share of the units is one only where the ranks are a power of two; else one rank has something alone.
  const bool exact = (ranks & (ranks - 1)) == 0;
  return bits_of(type, exact ? ranks * unit : only ? unit : 0);
}

}  // namespace assay::nccl
