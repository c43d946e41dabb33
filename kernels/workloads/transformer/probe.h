// One more head of keys and values, of which it is known what attention must come to: its values are small
// integers in the first half of the elements, and one constant for all tokens in each of the second half. Its
// first four query heads are zero, so that all scores are equal, the others random.
//
// Equal scores: each weight is 2^0 = 1, sums of integers below 2^24 are exact, so what is left is one
// division, by an approximated reciprocal (2^-23; PTX ISA, "rcp"), and a product (2^-24): the mean within
// 2^-22 of itself, then rounded to bf16. That is one value or, next to a tie, two.
//
// A constant c comes out as c: both sums are of the same weights, rounded to bf16, all of one sign. The
// tensor cores cut off 17 addends each at 2^-25 of the greatest, and their sum at 2^-23
// (reports/evidence/2026-11-26-h200-2): 5.3 x 2^-23 a step of 16 keys, of 8,192 keys 3.3e-4. Sums of weights,
// scalings and the division round 300 times at most by 2^-24: 1.8e-5. Half a unit of bf16 is 2^-9 = 1.95e-3
// of c and more, so that c is nearest.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/tensor_elements.h"
#include "kernels/workloads/transformer/layer.h"

namespace assay::workloads::transformer {

inline constexpr std::uint32_t kEqualHeads = 4;  // of the eight
inline constexpr int kMostOfProbe = 15;          // times 8,192 keys: below 2^24

ASSAY_HD constexpr int probe_integer(std::uint64_t seed, std::uint32_t sequence, std::uint32_t position,
                                     std::uint32_t element) {
  const std::uint64_t place = (std::uint64_t{sequence} << 32 | position) * 256 + element;
  return static_cast<int>(compute::integer_up_to(kMostOfProbe, memory::mix64(seed + place)));
}

/// bf16 bits: any sign and mantissa, from 1/4 to 4.
ASSAY_HD constexpr std::uint32_t probe_constant(std::uint64_t seed, std::uint32_t element) {
  return compute::bits_of_any(compute::format_of(Datapath::tensor_bf16), memory::mix64(~seed + element));
}

/// bf16 bits of an element of the probe's values.
ASSAY_HD constexpr std::uint32_t probe_value(std::uint64_t seed, std::uint32_t head_dim,
                                             std::uint32_t sequence, std::uint32_t position,
                                             std::uint32_t element) {
  return element < head_dim / 2 ? compute::bits_of_integer(compute::format_of(Datapath::tensor_bf16),
                                                           probe_integer(seed, sequence, position, element))
                                : probe_constant(seed, element);
}

/// What an element may come to: least and greatest, as bits of bf16.
struct Between {
  std::uint16_t least, greatest;
};

/// Of each token, for all elements, as equal scores make them.
std::vector<Between> expected_of_probe(const Layer& layer, std::uint64_t seed);

}  // namespace assay::workloads::transformer
