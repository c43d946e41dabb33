// Products of whole numbers by the kernel that trains, whose sums are exact: weighted sums of their rows
// against what the host works out from the operands.
#pragma once

#include <vector>

#include "kernels/tensor_elements.h"
#include "kernels/workloads/train_step/product.h"
#include "kernels/workloads/train_step/records.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

/// Results in units of 2^-16: whole numbers to 2^24 are exact, and what is none differs.
inline constexpr float kUnitsOfProbe = 0x1p16F, kMostOfProbe = 0x1p25F;

/// Sums are modulo 2^64: equal ones are.
ASSAY_HD constexpr Sum weight_of_column(unsigned column) {
  return 1 + (memory::mix64(column) & 0x3fff);
}

__device__ inline Sum in_units(float value) {
  // Not finite, or far too great: what no sum of products is.
  if (!is_within(value, kMostOfProbe)) return Sum{1} << 44;
  return static_cast<Sum>(static_cast<long long>(times(value, kUnitsOfProbe)));
}

template <typename R>
__global__ void __launch_bounds__(R::kThreads)
    check_rows(const float* d, unsigned columns, const Sum* expected, ProbeRecord* record) {
  Sum sum = 0;
  const float* const row = d + std::uint64_t{R::row()} * columns;
#pragma unroll
  for (unsigned n = 0; n < R::kEights; ++n) {
    const Eight mine = load_eight(row + R::element(n));
#pragma unroll
    for (unsigned i = 0; i < kEight; ++i) sum += in_units(mine.of[i]) * weight_of_column(R::element(n) + i);
  }
  sum = R::joined(sum, [](Sum a, Sum b) { return a + b; });
  if (R::lane() != 0 || sum == expected[R::row()]) return;
  if (atomicAdd(&record->wrong_rows, 1u) != 0) return;
  record->row = R::row();
  record->sum = sum;
}

/// The operands of whole numbers, as the host makes them: element (row, k) lies at row * k_count + k, or
/// across that.
struct WholeNumbers {
  ProductSize size;
  std::vector<std::int8_t> a, b;

  WholeNumbers(const ProductSize& of, std::uint64_t seed) : size(of) {
    const int most = compute::most_for_sums(format(), of.k);
    const auto fill = [&](std::vector<std::int8_t>& to, std::uint64_t count, std::uint64_t from) {
      to.resize(count);
      for (std::uint64_t i = 0; i < count; ++i)
        to[i] = static_cast<std::int8_t>(compute::integer_up_to(most, memory::mix64(from + i)));
    };
    fill(a, std::uint64_t{of.m} * of.k, memory::mix64(seed));
    fill(b, std::uint64_t{of.n} * of.k, memory::mix64(~seed));
  }

  std::int64_t of_a(unsigned row, unsigned k, bool across) const {
    return a[across ? std::uint64_t{k} * size.m + row : std::uint64_t{row} * size.k + k];
  }
  std::int64_t of_b(unsigned column, unsigned k, bool across) const {
    return b[across ? std::uint64_t{k} * size.n + column : std::uint64_t{column} * size.k + k];
  }
  /// By row: the sum over columns of weight x element, which is A times the weighted sum of B's columns.
  std::vector<Sum> sums_of_rows(bool across_a, bool across_b) const {
    std::vector<Sum> of_k(size.k), sums(size.m);
    for (unsigned column = 0; column < size.n; ++column) {
      for (unsigned k = 0; k < size.k; ++k)
        of_k[k] += weight_of_column(column) * static_cast<Sum>(of_b(column, k, across_b));
    }
    for (unsigned row = 0; row < size.m; ++row) {
      for (unsigned k = 0; k < size.k; ++k) sums[row] += static_cast<Sum>(of_a(row, k, across_a)) * of_k[k];
      sums[row] *= static_cast<Sum>(kUnitsOfProbe);
    }
    return sums;
  }
  static std::vector<std::uint16_t> as_bf16(const std::vector<std::int8_t>& values) {
    std::vector<std::uint16_t> all;
    all.reserve(values.size());
    for (const std::int8_t value : values)
      all.push_back(static_cast<std::uint16_t>(compute::bits_of_integer(format(), value)));
    return all;
  }

 private:
  static constexpr compute::ElementFormat format() { return compute::format_of(Datapath::tensor_bf16); }
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
