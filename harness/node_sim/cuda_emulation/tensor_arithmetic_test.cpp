#include "harness/node_sim/cuda_emulation/tensor_arithmetic.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "silicon/probe/tensor_elements.h"

namespace assay::cuda_emulation {
namespace {

std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

std::uint32_t multiply_add_bits(TensorType type_a, TensorType type_b, const std::uint32_t* a,
                                const std::uint32_t* b, int elements, std::uint32_t accumulator) {
  return multiply_add(TensorRow(type_a, a, elements), TensorRow(type_b, b, elements), accumulator);
}

struct Pair {
  silicon::Element element;
  TensorType type;
  int k, fraction_bits, result_bits;
};

/// The probe's reference, which a card was compared with, in doubles.
const Pair kPairs[] = {{silicon::kBf16, TensorType::bf16, 16, 25, 23},
                       {silicon::kF16, TensorType::f16, 16, 25, 23},
                       {silicon::kTf32, TensorType::tf32, 8, 25, 23},
                       {silicon::kE4m3, TensorType::e4m3, 32, 13, 13},
                       {silicon::kE5m2, TensorType::e5m2, 32, 13, 13}};

TEST(TensorArithmetic, IsTheReferencesThatACardWasComparedWith) {
  std::mt19937 draw(3);
  for (const Pair& pair : kPairs) {
    for (const int spread : {0, 4, 12}) {
      for (int trial = 0; trial < 500; ++trial) {
        const int bias = pair.element.bias, half = std::min(spread, pair.element.bias) / 2;
        std::uniform_int_distribution<int> exponent(bias - half, bias + half);
        std::vector<std::uint32_t> a, b;
        std::vector<double> da, db;
        for (int i = 0; i < pair.k; ++i) {
          for (auto* bits : {&a, &b}) {
            std::uint32_t mantissa = draw() & ((1u << pair.element.mantissa_bits) - 1);
            if (pair.type == TensorType::tf32) mantissa &= ~0x1fffu;
            bits->push_back((draw() & 1) << (pair.element.mantissa_bits + pair.element.exponent_bits) |
                            static_cast<std::uint32_t>(exponent(draw)) << pair.element.mantissa_bits |
                            mantissa);
          }
          da.push_back(silicon::decode(pair.element, a.back()));
          db.push_back(silicon::decode(pair.element, b.back()));
        }
        const float c = trial % 3 == 0 ? 0 : std::uniform_real_distribution<float>(-8, 8)(draw);
        const double expected = silicon::accumulate(da, db, c, pair.fraction_bits, pair.result_bits);
        const std::uint32_t result =
            multiply_add_bits(pair.type, pair.type, a.data(), b.data(), pair.k, bits_of(c));
        ASSERT_EQ(std::bit_cast<float>(result), static_cast<float>(expected))
            << pair.element.name << " " << trial;
      }
    }
  }
}

TEST(TensorArithmetic, IntegersAreExactModuloTwoToThe32) {
  const std::uint32_t a[] = {0x80, 0x7f, 0xff},
                      b[] = {0x80, 0x7f, 0x02};  // -128, 127, -1; s8 b: -128, 127, 2
  EXPECT_EQ(multiply_add_bits(TensorType::s8, TensorType::s8, a, b, 3, 10), 128u * 128 + 127u * 127 - 2 + 10);
  EXPECT_EQ(multiply_add_bits(TensorType::u8, TensorType::s8, a, b, 3, 0),
            static_cast<std::uint32_t>(-128 * 128 + 127 * 127 + 255 * 2));
  EXPECT_EQ(multiply_add_bits(TensorType::s8, TensorType::s8, a, b, 1, 0x7fffffff), 0x7fffffffu + 16384u);
}

TEST(TensorArithmetic, SmallIntegersAddUpExactly) {
  std::uint32_t one[32], ones[32];
  for (int i = 0; i < 32; ++i) one[i] = ones[i] = 0x38;  // 1.0 as e4m3
  EXPECT_EQ(std::bit_cast<float>(
                multiply_add_bits(TensorType::e4m3, TensorType::e4m3, one, ones, 32, bits_of(16351))),
            16383.0f);
  EXPECT_EQ(std::bit_cast<float>(
                multiply_add_bits(TensorType::e4m3, TensorType::e4m3, one, ones, 1, bits_of(32768))),
            32768.0f)
      << "beyond 13 bits the one is lost";
}

TEST(TensorArithmetic, CutsTowardsZeroAndKeepsSubnormals) {
  const std::uint32_t one = 0x3f80, tiny = 0x0001;  // bf16: 1, 2^-133
  EXPECT_EQ(multiply_add_bits(TensorType::bf16, TensorType::bf16, &one, &tiny, 1, 0),
            bits_of(std::ldexp(1.0f, -133)));
  const std::uint32_t small[] = {0x3f80}, factor[] = {0x3000};  // 1 x 2^-31
  EXPECT_EQ(multiply_add_bits(TensorType::bf16, TensorType::bf16, small, factor, 1, bits_of(-1)), bits_of(-1))
      << "what is cut off does not round";
}

TEST(TensorArithmetic, WhatIsNotFiniteComesOutAsNaN) {
  const std::uint32_t infinite = 0x7f80, zero = 0, nan_of_e4m3 = 0x7f, greatest_of_e4m3 = 0x7e;
  EXPECT_TRUE(std::isnan(
      std::bit_cast<float>(multiply_add_bits(TensorType::bf16, TensorType::bf16, &infinite, &zero, 1, 0))));
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(
      multiply_add_bits(TensorType::e4m3, TensorType::e4m3, &nan_of_e4m3, &zero, 1, 0))));
  const std::uint32_t one = 0x38;
  EXPECT_EQ(std::bit_cast<float>(
                multiply_add_bits(TensorType::e4m3, TensorType::e4m3, &greatest_of_e4m3, &one, 1, 0)),
            448);
}

TEST(TensorArithmetic, RefusesWhatIsNoInstruction) {
  const std::uint32_t zero = 0;
  EXPECT_THROW(multiply_add_bits(TensorType::bf16, TensorType::e4m3, &zero, &zero, 1, 0),
               std::invalid_argument);
  EXPECT_THROW(multiply_add_bits(TensorType::s8, TensorType::e4m3, &zero, &zero, 1, 0),
               std::invalid_argument);
}

}  // namespace
}  // namespace assay::cuda_emulation
