#include "harness/node_sim/cublaslt_library/product.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "harness/node_sim/cuda_emulation/half_arithmetic.h"
#include "harness/node_sim/cuda_emulation/tensor_arithmetic.h"

namespace assay::cublaslt {
namespace {

using cuda_emulation::TensorRow;
using cuda_emulation::TensorType;

/// One operand, element by element of op(X) along K.
class Operand {
 public:
  Operand(Launched& launched, const LayoutObject& layout, const void* memory, bool k_is_rows)
      : launched_(launched),
        memory_(static_cast<const Word128*>(memory)),
        bytes_(bytes_of(layout.type)),
        leading_(static_cast<std::uint64_t>(layout.leading)),
        k_is_rows_(k_is_rows) {}

  std::uint64_t bits(std::uint64_t line, std::uint64_t k) {
    const std::uint64_t byte = (k_is_rows_ ? line * leading_ + k : k * leading_ + line) * bytes_;
    const std::uint64_t word = byte / sizeof(Word128);
    if (word != cached_) {
      value_ = launched_.load(memory_ + word);
      cached_ = word;
    }
    std::uint64_t bits = 0;
    std::memcpy(&bits, reinterpret_cast<const unsigned char*>(&value_) + byte % sizeof(Word128), bytes_);
    return bits;
  }

 private:
  Launched& launched_;
  const Word128* memory_;
  std::uint64_t bytes_, leading_;
  bool k_is_rows_;
  std::uint64_t cached_ = ~0ull;
  Word128 value_{};
};

/// To the tf32 nearest: what the library does to floats is not published.
std::uint32_t rounded_to_tf32(std::uint32_t bits) {
  constexpr std::uint32_t kDropped = 13;
  return (bits + (1u << (kDropped - 1)) - 1 + (bits >> kDropped & 1)) & ~((1u << kDropped) - 1);
}

TensorType tensor_type_of(Datapath path) {
  switch (path) {
    case Datapath::tensor_bf16:
      return TensorType::bf16;
    case Datapath::tensor_fp16:
      return TensorType::f16;
    case Datapath::tensor_e4m3:
      return TensorType::e4m3;
    case Datapath::tensor_e5m2:
      return TensorType::e5m2;
    case Datapath::tensor_int8:
      return TensorType::s8;
    default:
      return TensorType::tf32;
  }
}

/// Sums of floats or integers of 32 bits, of so many rows and columns; K in runs, as the way says.
std::vector<std::uint32_t> sums_of_32_bits(Datapath path, Operand& a, Operand& b, std::uint64_t rows,
                                           std::uint64_t columns, std::uint64_t k, unsigned runs) {
  const TensorType type = tensor_type_of(path);
  const std::uint64_t per_step = 32u / static_cast<unsigned>(cuda_emulation::bytes_of(type));  // wgmma's K
  std::vector<std::uint32_t> total(rows * columns), sums(rows * columns);
  std::vector<TensorRow> of_a(rows), of_b(columns);
  const auto take = [&](Operand& operand, std::uint64_t line, std::uint64_t from) {
    std::uint32_t bits[TensorRow::kMost] = {};
    for (std::uint64_t i = 0; i < std::min(per_step, k - from); ++i) {
      bits[i] = static_cast<std::uint32_t>(operand.bits(line, from + i));
      if (type == TensorType::tf32) bits[i] = rounded_to_tf32(bits[i]);
    }
    return TensorRow(type, bits, static_cast<int>(per_step));
  };
  const auto close_run = [&] {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      total[i] =
          cuda_emulation::is_integer(type)
              ? total[i] + sums[i]
              : std::bit_cast<std::uint32_t>(std::bit_cast<float>(total[i]) + std::bit_cast<float>(sums[i]));
    }
    std::fill(sums.begin(), sums.end(), 0);
  };
  const std::uint64_t run = (k + runs - 1) / runs / per_step * per_step;
  for (std::uint64_t from = 0; from < k; from += per_step) {
    if (run > 0 && from > 0 && from % run == 0) close_run();
    for (std::uint64_t row = 0; row < rows; ++row) of_a[row] = take(a, row, from);
    for (std::uint64_t column = 0; column < columns; ++column) of_b[column] = take(b, column, from);
    for (std::uint64_t column = 0; column < columns; ++column) {
      for (std::uint64_t row = 0; row < rows; ++row) {
        std::uint32_t& sum = sums[column * rows + row];
        sum = cuda_emulation::multiply_add(of_a[row], of_b[column], sum);
      }
    }
  }
  close_run();
  return total;
}

std::vector<double> sums_of_doubles(Operand& a, Operand& b, std::uint64_t rows, std::uint64_t columns,
                                    std::uint64_t k, unsigned runs) {
  std::vector<double> total(rows * columns);
  for (unsigned run = 0; run < runs; ++run) {
    const std::uint64_t from = k * run / runs, to = k * (run + 1) / runs;
    for (std::uint64_t column = 0; column < columns; ++column) {
      for (std::uint64_t row = 0; row < rows; ++row) {
        double sum = 0;
        for (std::uint64_t i = from; i < to; ++i)
          sum =
              std::fma(std::bit_cast<double>(a.bits(row, i)), std::bit_cast<double>(b.bits(column, i)), sum);
        total[column * rows + row] += sum;
      }
    }
  }
  return total;
}

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// In the bits of an element of D.
std::uint64_t result_of(const Problem& problem, std::uint32_t sum, const void* alpha) {
  if (problem.matmul.compute == ComputeType::s32) {
    std::int32_t factor;
    std::memcpy(&factor, alpha, sizeof(factor));
    const std::uint32_t product = sum * static_cast<std::uint32_t>(factor);
    return product;
  }
  float factor;
  std::memcpy(&factor, alpha, sizeof(factor));
  const float value = factor * std::bit_cast<float>(sum);
  switch (problem.d.type) {
    case DataType::bf16:
      return to_bf16(value);
    case DataType::f16:
      return cuda_emulation::half_of(value);
    default:
      return std::bit_cast<std::uint32_t>(value);
  }
}

/// Into D, element by element; each as it comes out of the multiprocessor that makes it. Each makes an equal
/// piece: the real library's schedule is its own.
class Results {
 public:
  Results(const Problem& problem, void* d, unsigned multiprocessors, Launched& launched)
      : path_(datapath_of(problem)),
        launched_(launched),
        memory_(static_cast<Word128*>(d)),
        bytes_(bytes_of(problem.d.type)),
        per_multiprocessor_((problem.m() * problem.n() + multiprocessors - 1) / multiprocessors) {}

  /// `number`: in the order in which elements are made; `index`: of its place in memory.
  void store(std::uint64_t number, std::uint64_t index, std::uint64_t bits) {
    const auto sm = static_cast<unsigned>(number / per_multiprocessor_);
    const auto warp = static_cast<unsigned>(number / 32);
    bits = launched_.result({sm, warp % kSubPartitions, static_cast<unsigned>(number % 32)}, path_, bits);
    const std::uint64_t byte = index * bytes_, word = byte / sizeof(Word128);
    if (word != open_) {
      close();
      open_ = word;
      value_ = launched_.load(memory_ + word);
    }
    std::memcpy(reinterpret_cast<unsigned char*>(&value_) + byte % sizeof(Word128), &bits, bytes_);
  }
  void close() {
    if (open_ != kNone) launched_.store(memory_ + open_, value_);
  }

 private:
  static constexpr std::uint64_t kNone = ~0ull;
  Datapath path_;
  Launched& launched_;
  Word128* memory_;
  std::uint64_t bytes_, per_multiprocessor_;
  std::uint64_t open_ = kNone;
  Word128 value_{};
};

/// Bits of all elements of D, column by column.
std::vector<std::uint64_t> elements_of(const Problem& problem, const Way& way, const Operands& operands,
                                       Launched& launched) {
  const std::uint64_t m = problem.m(), n = problem.n(), k = problem.k();
  Operand a(launched, problem.a, operands.a, problem.matmul.of_a == Operation::transpose);
  Operand b(launched, problem.b, operands.b, problem.matmul.of_b == Operation::none);
  std::vector<std::uint64_t> elements(m * n);
  if (problem.matmul.compute == ComputeType::f64) {
    const auto sums = sums_of_doubles(a, b, m, n, k, way.runs_of_k);
    double factor;
    std::memcpy(&factor, operands.alpha, sizeof(factor));
    for (std::size_t i = 0; i < sums.size(); ++i)
      elements[i] = std::bit_cast<std::uint64_t>(factor * sums[i]);
  } else {
    const auto sums = sums_of_32_bits(datapath_of(problem), a, b, m, n, k, way.runs_of_k);
    for (std::size_t i = 0; i < sums.size(); ++i) elements[i] = result_of(problem, sums[i], operands.alpha);
  }
  return elements;
}

}  // namespace

void compute(const Problem& problem, const Way& way, const Operands& operands, unsigned multiprocessors,
             Launched& launched) {
  const auto elements = elements_of(problem, way, operands, launched);
  Results results(problem, operands.d, multiprocessors, launched);
  const auto leading = static_cast<std::uint64_t>(problem.d.leading);
  std::uint64_t number = 0;
  for (std::uint64_t column = 0; column < problem.n(); ++column) {
    for (std::uint64_t row = 0; row < problem.m(); ++row, ++number)
      results.store(number, column * leading + row, elements[number]);
  }
  results.close();
}

}  // namespace assay::cublaslt
