#include "kernels/workloads/transformer/probe.h"

#include <cmath>
#include <cstring>

namespace assay::workloads::transformer {
namespace {

/// The nearest, ties to even.
std::uint16_t bf16_of(double value) {
  const auto as_float = static_cast<float>(value);
  std::uint32_t bits = 0;
  std::memcpy(&bits, &as_float, sizeof(bits));
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

Between around(double mean) {
  const double error = std::ldexp(std::fabs(mean), -22);
  return {bf16_of(mean - error), bf16_of(mean + error)};
}

}  // namespace

std::vector<Between> expected_of_probe(const Layer& layer, std::uint64_t seed) {
  const std::uint32_t dim = layer.shape.head_dim, integers = dim / 2;
  std::vector<Between> expected(std::size_t{layer.batch.tokens} * dim);
  std::vector<int> sums;
  std::uint32_t summed = 0;  // keys
  for (std::uint32_t token = 0; token < layer.batch.tokens; ++token) {
    const std::uint32_t sequence = layer.batch.sequence(token);
    if (token == 0 || layer.batch.one_each) sums.assign(integers, 0), summed = 0;
    for (; summed <= layer.batch.position(token); ++summed) {
      for (std::uint32_t i = 0; i < integers; ++i) sums[i] += probe_integer(seed, sequence, summed, i);
    }
    Between* const of_token = expected.data() + std::size_t{token} * dim;
    for (std::uint32_t i = 0; i < integers; ++i) of_token[i] = around(static_cast<double>(sums[i]) / summed);
    for (std::uint32_t i = integers; i < dim; ++i) {
      const auto constant = static_cast<std::uint16_t>(probe_constant(seed, i));
      of_token[i] = {constant, constant};
    }
  }
  return expected;
}

}  // namespace assay::workloads::transformer
