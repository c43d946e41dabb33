// How values are written down: as bits of each type, in the order of their values, divided as NCCL divides.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <ios>
#include <optional>
#include <set>
#include <vector>

#include "kernels/collective_data/values_fixture.h"

namespace assay::collective {
namespace {

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

}  // namespace
}  // namespace assay::collective
