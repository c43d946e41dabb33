// A layer of a transformer in double precision, step by step: each step from what the device left behind of
// the one before, within a bound that follows from how it is computed.
//
// Bounds are sums of: 2^-8 of the result, since it is rounded to bf16 (eight bits); 2^-24 for each rounding
// to float; what PTX ISA gives for approximations (2^-22 of ex2, 2^-22.9 of rsqrt, 2^-23 of rcp); and of the
// tensor cores 5.3 x 2^-23 of the sum of magnitudes for each 16 products (kernels/workloads/transformer/
// probe.h), taken as 6.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernels/workloads/transformer/layer.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads::transformer {

/// Numbers of allocations.
enum Allocation : std::size_t {
  kInput,
  kGains,
  kWeights,  // and the three next
  kQueries = 6,
  kKeys,
  kValues,
  kRotations,
  kExpected,
  kNormed,
  kQkv,
  kMixed,
  kProbe,
  kProjected,
  kSum,
  kNormedSum,
  kGateUp,
  kActivated,
  kDown,
  kResult,
};

inline double bf16_value(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof(value));
  return static_cast<double>(value);
}
inline std::uint16_t nearest_bf16(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// What a result is to be, and how far it may be off.
struct Due {
  double value, bound;
  bool is_met_by(double found) const { return std::fabs(found - value) <= bound; }
};

constexpr double kHalfUnit = 1.0 / 256, kRounding = 1.0 / (1 << 24), kStep = 6.0 / (1 << 23);

class LeftBehind {
 public:
  LeftBehind(const memory::GpuInReach& gpu, const Layer& layer) : gpu_(gpu), layer_(layer) {
    const LayerShape& s = layer.shape;
    const std::uint32_t columns = layer.batch.one_each ? 16 : layer.batch.tokens;
    const std::pair<std::size_t, std::uint64_t> elements[] = {
        {kInput, row_major(s.hidden)},       {kGains, 2 * s.hidden},
        {kQueries, layer.query_words() * 8}, {kKeys, layer.cache_words() * 8},
        {kValues, layer.cache_words() * 8},  {kNormed, std::uint64_t{columns} * s.hidden},
        {kQkv, row_major(s.qkv_columns())},  {kMixed, std::uint64_t{columns} * s.query_columns()},
        {kProbe, row_major(8 * s.head_dim)}, {kProjected, row_major(s.hidden)},
        {kSum, row_major(s.hidden)},         {kNormedSum, std::uint64_t{columns} * s.hidden},
        {kGateUp, row_major(2 * s.ffn)},     {kActivated, std::uint64_t{columns} * s.ffn},
        {kDown, row_major(s.hidden)},        {kResult, row_major(s.hidden)}};
    for (const auto& [allocation, count] : elements) take(allocation, count);
    for (const Matrix matrix : kMatrices) {
      const MatrixSize size = size_of(matrix, s);
      take(kWeights + static_cast<std::size_t>(matrix), std::uint64_t{size.outputs} * size.inputs);
    }
  }

  /// Holds every result of every step to what is due. How many were held, and how many of them would not have
  /// met it when they were off by twice the bound more than they are.
  struct Held {
    std::uint64_t results = 0, missed = 0, mutants_found = 0;
    std::string first_missed;
  };
  Held held_to_the_reference() {
    const LayerShape& s = layer_.shape;
    for (std::uint32_t token = 0; token < layer_.batch.tokens; ++token) {
      hold_normed(token, kInput, 0, kNormed);
      hold_product(token, Matrix::qkv, kNormed, kQkv);
      hold_placed(token);
      for (std::uint32_t head = 0; head < s.all_kv_heads() * kGroup; ++head) hold_attention(token, head);
      hold_product(token, Matrix::out, kMixed, kProjected);
      hold_sum(token, kInput, kProjected, kSum);
      hold_normed(token, kSum, s.hidden, kNormedSum);
      hold_product(token, Matrix::gate_up, kNormedSum, kGateUp);
      hold_activated(token);
      hold_product(token, Matrix::down, kActivated, kDown);
      hold_sum(token, kSum, kDown, kResult);
    }
    return held_;
  }

 private:
  std::uint64_t row_major(std::uint32_t elements) const {
    return std::uint64_t{layer_.batch.tokens} * elements;
  }
  void take(std::size_t allocation, std::uint64_t count) {
    const auto words = gpu_.download(allocation, count / kPerWord);
    std::vector<double>& all = of_[allocation];
    for (const Word128& word : words) {
      for (unsigned i = 0; i < kPerWord; ++i)
        all.push_back(bf16_value(static_cast<std::uint16_t>((i < 4 ? word.low : word.high) >> 16 * (i % 4))));
    }
  }
  /// Of a row of so many elements.
  double row(std::size_t allocation, std::uint32_t elements, std::uint32_t token, std::uint32_t i) {
    return of_[allocation][std::size_t{token} * elements + i];
  }
  /// Of an operand: where sequences are decoded, tokens lie across.
  double operand(std::size_t allocation, std::uint32_t elements, std::uint32_t token, std::uint32_t i) {
    if (!layer_.batch.one_each) return row(allocation, elements, token, i);
    return of_[allocation][(std::size_t{i} / 8 * 16 + token) * 8 + i % 8];
  }
  double weight(Matrix matrix, std::uint32_t output, std::uint32_t input) {
    const std::uint32_t inputs = size_of(matrix, layer_.shape).inputs;
    const auto& all = of_[kWeights + static_cast<std::size_t>(matrix)];
    if (!layer_.batch.one_each) return all[std::size_t{output} * inputs + input];
    const std::size_t panel = std::size_t{output} / 64 * inputs * 64;
    return all[panel + (std::size_t{input} / 8 * 64 + output % 64) * 8 + input % 8];
  }

  void hold(const Due& due, double found, const char* what, std::uint32_t token, std::uint32_t i) {
    ++held_.results;
    if (!due.is_met_by(found)) {
      if (held_.missed++ == 0)
        held_.first_missed = std::string(what) + ", token " + std::to_string(token) + ", element " +
                             std::to_string(i) + ": " + std::to_string(found) + " where " +
                             std::to_string(due.value) + " was due, within " + std::to_string(due.bound);
    }
    // Where nothing may be off, the least that is off.
    const double off = due.bound > 0 ? 2 * due.bound : std::max(std::fabs(found), 1e-30) * kHalfUnit;
    held_.mutants_found += due.is_met_by(found + (found < due.value ? -off : off) * (1 + 1e-9)) ? 0 : 1;
  }

  void hold_normed(std::uint32_t token, std::size_t of, std::uint32_t first_gain, std::size_t normed) {
    const std::uint32_t n = layer_.shape.hidden;
    double squares = 0;
    for (std::uint32_t i = 0; i < n; ++i) squares += std::pow(row(of, n, token, i), 2);
    const double factor = 1 / std::sqrt(squares / n + kEpsilon);
    for (std::uint32_t i = 0; i < n; ++i) {
      const double due = row(of, n, token, i) * factor * of_[kGains][first_gain + i];
      // Of n squares added up, half of it under the root; and ten more.
      const double relative = kHalfUnit + (n / 2.0 + 10) * kRounding;
      hold({due, std::fabs(due) * relative}, operand(normed, n, token, i), "normed", token, i);
    }
  }

  void hold_product(std::uint32_t token, Matrix matrix, std::size_t of, std::size_t product) {
    const MatrixSize size = size_of(matrix, layer_.shape);
    for (std::uint32_t out = 0; out < size.outputs; ++out) {
      double sum = 0, magnitudes = 0;
      for (std::uint32_t in = 0; in < size.inputs; ++in) {
        const double one = weight(matrix, out, in) * operand(of, size.inputs, token, in);
        sum += one;
        magnitudes += std::fabs(one);
      }
      const double steps = size.inputs / 16.0 + 1;
      hold({sum, std::fabs(sum) * kHalfUnit + magnitudes * steps * kStep},
           row(product, size.outputs, token, out), "product", token, out);
    }
  }

  double query(std::uint32_t token, std::uint32_t head, std::uint32_t i) {
    return of_[kQueries][layer_.query_word(token, head / kGroup, head % kGroup, i / 8) * 8 + i % 8];
  }
  double cached(std::size_t of, std::uint32_t token, std::uint32_t kv, std::uint32_t position,
                std::uint32_t i) {
    return of_[of][layer_.cache_word(layer_.batch.sequence(token), kv, position, i / 8) * 8 + i % 8];
  }

  void hold_placed(std::uint32_t token) {
    const LayerShape& s = layer_.shape;
    const std::uint32_t position = layer_.batch.position(token), half = s.head_dim / 2;
    for (std::uint32_t head = 0; head < s.heads() + s.kv_heads; ++head) {
      for (std::uint32_t i = 0; i < s.head_dim; ++i) {
        const std::uint32_t pair = i % half;
        const double x = row(kQkv, s.qkv_columns(), token, head * s.head_dim + pair),
                     y = row(kQkv, s.qkv_columns(), token, head * s.head_dim + pair + half);
        const double angle = position * std::pow(kRotaryBase, -static_cast<double>(pair) / half);
        const double due =
            i < half ? x * std::cos(angle) - y * std::sin(angle) : y * std::cos(angle) + x * std::sin(angle);
        const double found =
            head < s.heads() ? query(token, head, i) : cached(kKeys, token, head - s.heads(), position, i);
        hold({due, std::fabs(due) * kHalfUnit + 4 * kRounding * (std::fabs(x) + std::fabs(y))}, found,
             "rotated", token, head * s.head_dim + i);
      }
    }
    for (std::uint32_t i = 0; i < s.kv_heads * s.head_dim; ++i) {
      const std::uint32_t column = (s.heads() + s.kv_heads) * s.head_dim + i;
      hold({row(kQkv, s.qkv_columns(), token, column), 0},
           cached(kValues, token, i / s.head_dim, position, i % s.head_dim), "value", token, i);
    }
  }

  void hold_attention(std::uint32_t token, std::uint32_t head) {
    const LayerShape& s = layer_.shape;
    const std::uint32_t keys = layer_.batch.position(token) + 1, kv = head / kGroup;
    std::vector<double> scores(keys);
    double greatest = -INFINITY, off = 0;
    for (std::uint32_t key = 0; key < keys; ++key) {
      double magnitudes = 0;
      for (std::uint32_t i = 0; i < s.head_dim; ++i) {
        const double one = query(token, head, i) * cached(kKeys, token, kv, key, i);
        scores[key] += one;
        magnitudes += std::fabs(one);
      }
      scores[key] /= std::sqrt(s.head_dim);
      greatest = std::max(greatest, scores[key]);
      // Of the score; of the factor, the product and the greatest one's.
      off = std::max(off, magnitudes / std::sqrt(s.head_dim) * (s.head_dim / 16.0 * kStep + 4 * kRounding));
    }
    double sum = 0;
    for (double& score : scores) sum += score = std::exp(score - greatest);
    // Of each weight: of its exponent and the greatest one's, of ex2, and rounded to bf16.
    const double of_weight = 2 * off + 4 * kRounding + kHalfUnit;
    for (std::uint32_t i = 0; i < s.head_dim; ++i) {
      double due = 0, magnitudes = 0;
      for (std::uint32_t key = 0; key < keys; ++key) {
        const double one = scores[key] / sum * cached(kValues, token, kv, key, i);
        due += one;
        magnitudes += std::fabs(one);
      }
      // Weights are in the sum and in what it divides.
      const double relative = 2 * of_weight + (keys / 16.0 + 2) * kStep;
      const double found = kv == s.kv_heads
                               ? row(kProbe, kGroup * s.head_dim, token, head % kGroup * s.head_dim + i)
                               : operand(kMixed, s.query_columns(), token, head * s.head_dim + i);
      hold({due, magnitudes * relative + std::fabs(due) * kHalfUnit}, found, "attention", token,
           head * s.head_dim + i);
    }
  }

  /// In float, then rounded to bf16: one value alone.
  void hold_sum(std::uint32_t token, std::size_t a, std::size_t b, std::size_t sum) {
    const std::uint32_t n = layer_.shape.hidden;
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto exact = static_cast<float>(row(a, n, token, i)) + static_cast<float>(row(b, n, token, i));
      hold({bf16_value(nearest_bf16(exact)), 0}, row(sum, n, token, i), "sum", token, i);
    }
  }

  void hold_activated(std::uint32_t token) {
    const std::uint32_t n = layer_.shape.ffn;
    for (std::uint32_t i = 0; i < n; ++i) {
      const double gate = row(kGateUp, 2 * n, token, i), up = row(kGateUp, 2 * n, token, n + i);
      const double due = gate / (1 + std::exp(-gate)) * up;
      // Two roundings of the exponent, which is 1.44 times the gate; ex2, the sum, rcp and two products.
      const double relative = kHalfUnit + (3 * std::fabs(gate) + 12) * kRounding;
      hold({due, std::fabs(due) * relative}, operand(kActivated, n, token, i), "activated", token, i);
    }
  }

  const memory::GpuInReach& gpu_;
  Layer layer_;
  std::map<std::size_t, std::vector<double>> of_;
  Held held_;
};

}  // namespace assay::workloads::transformer
