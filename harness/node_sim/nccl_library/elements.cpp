#include "harness/node_sim/nccl_library/elements.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace assay::nccl {
namespace {

/// Of binary floating-point formats of up to 16 bits.
struct Format {
  int exponent_bits, mantissa_bits;
  bool has_infinity;  // e4m3 has none: its highest exponent is a number, but for one NaN
  double greatest;
};

Format format_of(DataType type) {
  switch (type) {
    case DataType::bf16:
      return {8, 7, true, 0x1.fep127};
    case DataType::e4m3:
      return {4, 3, false, 448};
    case DataType::e5m2:
      return {5, 2, true, 57344};
    default:
      return {5, 10, true, 65504};
  }
}

bool is_fp8(DataType type) {
  return type == DataType::e4m3 || type == DataType::e5m2;
}

double decode(const Format& format, std::uint64_t bits) {
  const int m = format.mantissa_bits, bias = (1 << (format.exponent_bits - 1)) - 1;
  const auto field = static_cast<int>(bits >> m & ((1u << format.exponent_bits) - 1));
  const auto mantissa = static_cast<int>(bits & ((1u << m) - 1));
  const int highest = (1 << format.exponent_bits) - 1;
  double magnitude = 0;
  if (field == highest && format.has_infinity) {
    magnitude = mantissa == 0 ? INFINITY : NAN;
  } else if (field == highest && mantissa == (1 << m) - 1) {
    magnitude = NAN;
  } else if (field == 0) {
    magnitude = std::ldexp(mantissa, 1 - bias - m);
  } else {
    magnitude = std::ldexp(mantissa + (1 << m), field - bias - m);
  }
  return (bits >> (m + format.exponent_bits) & 1) != 0 ? -magnitude : magnitude;
}

std::uint64_t encode(const Format& format, double value, bool saturates) {
  const int m = format.mantissa_bits, bias = (1 << (format.exponent_bits - 1)) - 1;
  const std::uint64_t sign = std::signbit(value) ? std::uint64_t{1} << (m + format.exponent_bits) : 0;
  const std::uint64_t highest = static_cast<std::uint64_t>((1 << format.exponent_bits) - 1) << m;
  const std::uint64_t all = (std::uint64_t{1} << (m + format.exponent_bits)) - 1;
  if (std::isnan(value)) return format.has_infinity ? all : sign | all;
  double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int unit = std::max(exponent - 1, 1 - bias) - m;
  magnitude = std::ldexp(std::nearbyint(std::ldexp(magnitude, -unit)), unit);  // to even
  if (magnitude > format.greatest) {
    if (saturates) {
      magnitude = format.greatest;
    } else {
      return sign | highest;
    }
  }
  std::frexp(magnitude, &exponent);
  const int field = std::max(exponent - 1 + bias, 0);
  if (field == 0) return sign | static_cast<std::uint64_t>(std::ldexp(magnitude, bias - 1 + m));
  const auto significand = static_cast<std::uint64_t>(std::ldexp(magnitude, m - (exponent - 1)));
  return sign | static_cast<std::uint64_t>(field) << m | (significand & ((std::uint64_t{1} << m) - 1));
}

std::uint64_t mask_of(DataType type) {
  const unsigned bits = 8 * bytes_of(type);
  return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

std::int64_t integer_of(DataType type, std::uint64_t bits) {
  const unsigned unused = 64 - 8 * bytes_of(type);
  const auto up = static_cast<std::int64_t>(bits << unused);
  return is_signed(type) ? up >> unused : static_cast<std::int64_t>(bits);
}

bool less(DataType type, std::uint64_t a, std::uint64_t b) {
  if (is_float(type)) return value_of(type, a) < value_of(type, b);
  return is_signed(type) ? integer_of(type, a) < integer_of(type, b) : a < b;
}

std::uint64_t extreme(bool want_less, DataType type, std::uint64_t a, std::uint64_t b) {
  if (is_float(type) && std::isnan(value_of(type, a))) return b;
  if (is_float(type) && std::isnan(value_of(type, b))) return a;
  return less(type, b, a) == want_less ? b : a;
}

/// In the datatype's own arithmetic; fp8 in half precision.
std::uint64_t float_arithmetic(DataType type, std::uint64_t a, std::uint64_t b, bool multiplies) {
  if (type == DataType::f64 || type == DataType::f32) {
    if (type == DataType::f64) {
      const double x = std::bit_cast<double>(a), y = std::bit_cast<double>(b);
      return std::bit_cast<std::uint64_t>(multiplies ? x * y : x + y);
    }
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(a)),
                y = std::bit_cast<float>(static_cast<std::uint32_t>(b));
    return std::bit_cast<std::uint32_t>(multiplies ? x * y : x + y);
  }
  // Exact in a double: rounded once.
  const double x = value_of(type, a), y = value_of(type, b), exact = multiplies ? x * y : x + y;
  if (!is_fp8(type)) return bits_of(type, exact);
  return bits_of(type, decode(format_of(DataType::f16), encode(format_of(DataType::f16), exact, false)));
}

}  // namespace

bool is_float(DataType type) {
  return type == DataType::f16 || type == DataType::f32 || type == DataType::f64 || type == DataType::bf16 ||
         is_fp8(type);
}

bool is_signed(DataType type) {
  return type == DataType::i8 || type == DataType::i32 || type == DataType::i64;
}

double value_of(DataType type, std::uint64_t bits) {
  if (type == DataType::f64) return std::bit_cast<double>(bits);
  if (type == DataType::f32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return decode(format_of(type), bits);
}

std::uint64_t bits_of(DataType type, double value) {
  if (type == DataType::f64) return std::bit_cast<std::uint64_t>(value);
  if (type == DataType::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return encode(format_of(type), value, is_fp8(type));
}

/// enqueue.cc:hostToDevRedOp.
Reduction reduction_of(Op op, DataType type, int ranks) {
  Reduction reduction{.op = op};
  if (op != Op::avg) return reduction;
  reduction.op = Op::sum;
  if (is_float(type)) {
    reduction.scales = true;
    reduction.scalar = bits_of(type, 1.0 / ranks);
  } else {
    reduction.divisor = ranks;
  }
  return reduction;
}

std::uint64_t scaled(const Reduction& reduction, DataType type, std::uint64_t bits) {
  if (!reduction.scales) return bits;
  if (is_float(type)) return float_arithmetic(type, bits, reduction.scalar, true);
  return bits * reduction.scalar & mask_of(type);
}

std::uint64_t combined(const Reduction& reduction, DataType type, std::uint64_t a, std::uint64_t b) {
  switch (reduction.op) {
    case Op::max:
      return extreme(false, type, a, b);
    case Op::min:
      return extreme(true, type, a, b);
    case Op::prod:
      return is_float(type) ? float_arithmetic(type, a, b, true) : a * b & mask_of(type);
    default:
      return is_float(type) ? float_arithmetic(type, a, b, false) : (a + b) & mask_of(type);
  }
}

std::uint64_t concluded(const Reduction& reduction, DataType type, std::uint64_t bits) {
  if (reduction.divisor == 1) return bits;
  if (!is_signed(type)) return bits / static_cast<std::uint64_t>(reduction.divisor);
  return static_cast<std::uint64_t>(integer_of(type, bits) / reduction.divisor) & mask_of(type);
}

std::uint64_t load_element(DataType type, const void* memory, std::uint64_t index) {
  std::uint64_t bits = 0;
  const unsigned bytes = bytes_of(type);
  std::memcpy(&bits, static_cast<const char*>(memory) + index * bytes, bytes);
  return bits;
}

void store_element(DataType type, void* memory, std::uint64_t index, std::uint64_t bits) {
  const unsigned bytes = bytes_of(type);
  std::memcpy(static_cast<char*>(memory) + index * bytes, &bits, bytes);
}

}  // namespace assay::nccl
