// A layer of a transformer of the 70B class, as Llama 3 70B has them: its sizes, whose tokens go through it,
// and how what its kernels share lies in memory. bf16, eight elements in a word of 16 bytes.
//
// Keys and values lie in pages of 64 tokens, as an inference server keeps them, each the image that the
// tensor cores read from shared memory (PTX ISA 9.0, "Strides", without a swizzle): eight elements of one row
// after the other, the next eight behind all rows. Queries lie in tiles alike.
#pragma once

#include <cstdint>

#include "kernels/memory_patterns.h"

namespace assay::workloads::transformer {

inline constexpr std::uint32_t kGroup = 8;  // query heads to a head of keys and values
inline constexpr std::uint32_t kPageTokens = 64;
inline constexpr std::uint32_t kPerWord = 8;
inline constexpr double kEpsilon = 1e-5;       // of RMSNorm
inline constexpr double kRotaryBase = 500000;  // of RoPE, as Llama 3's

struct LayerShape {
  std::uint32_t hidden, kv_heads, head_dim, ffn;

  ASSAY_HD constexpr std::uint32_t heads() const { return kv_heads * kGroup; }
  ASSAY_HD constexpr std::uint32_t query_columns() const { return heads() * head_dim; }
  ASSAY_HD constexpr std::uint32_t qkv_columns() const { return query_columns() + 2 * kv_heads * head_dim; }
  /// Words of a head of one token.
  ASSAY_HD constexpr std::uint32_t chunks() const { return head_dim / kPerWord; }
  /// Heads of keys and values with the one that is a probe (probe.h), the last.
  ASSAY_HD constexpr std::uint32_t all_kv_heads() const { return kv_heads + 1; }
};

inline constexpr LayerShape kLlama70B{8192, 8, 128, 28672};

enum class Matrix { qkv, out, gate_up, down };
inline constexpr Matrix kMatrices[] = {Matrix::qkv, Matrix::out, Matrix::gate_up, Matrix::down};

/// A matrix of weights: so many outputs of so many inputs.
struct MatrixSize {
  std::uint32_t outputs, inputs;
  constexpr double elements() const { return static_cast<double>(outputs) * inputs; }
};

constexpr MatrixSize size_of(Matrix matrix, const LayerShape& shape) {
  switch (matrix) {
    case Matrix::qkv:
      return {shape.qkv_columns(), shape.hidden};
    case Matrix::out:
      return {shape.hidden, shape.query_columns()};
    case Matrix::gate_up:
      return {2 * shape.ffn, shape.hidden};
    default:
      return {shape.hidden, shape.ffn};
  }
}

/// The tokens that go through the layer: of a prompt, one after the other behind what the cache holds of it;
/// or of many sequences, one of each.
struct Batch {
  bool one_each;
  std::uint32_t tokens;
  std::uint32_t longest;  // sequence, in tokens, with those that go through

  ASSAY_HD constexpr std::uint32_t sequences() const { return one_each ? tokens : 1; }
  ASSAY_HD constexpr std::uint32_t sequence(std::uint32_t token) const { return one_each ? token : 0; }
  /// No two end alike in their last page.
  ASSAY_HD constexpr std::uint32_t length(std::uint32_t sequence) const {
    return longest - sequence * (longest / 64 + 1);
  }
  ASSAY_HD constexpr std::uint32_t position(std::uint32_t token) const {
    return one_each ? length(token) - 1 : longest - tokens + token;
  }
  ASSAY_HD constexpr std::uint32_t pages() const { return (longest + kPageTokens - 1) / kPageTokens; }
  /// Of a tile of queries: rows are tokens of one query head, then of the next one.
  ASSAY_HD constexpr std::uint32_t tokens_of_tile() const { return one_each ? 1 : 8; }
  ASSAY_HD constexpr std::uint32_t rows_of_tile() const { return kGroup * tokens_of_tile(); }
  ASSAY_HD constexpr std::uint32_t tiles() const { return tokens / tokens_of_tile(); }
  /// Keys that all tokens look at, together.
  constexpr double keys() const {
    double sum = 0;
    for (std::uint32_t token = 0; token < tokens; ++token) sum += position(token) + 1;
    return sum;
  }
};

struct Layer {
  LayerShape shape;
  Batch batch;

  ASSAY_HD constexpr std::uint64_t tile_words() const {
    return std::uint64_t{shape.chunks()} * batch.rows_of_tile();
  }
  ASSAY_HD constexpr std::uint64_t page_words() const { return std::uint64_t{shape.chunks()} * kPageTokens; }
  ASSAY_HD constexpr std::uint64_t query_words() const {
    return std::uint64_t{batch.tiles()} * shape.all_kv_heads() * tile_words();
  }
  ASSAY_HD constexpr std::uint64_t cache_words() const {  // of keys, and of values
    return std::uint64_t{batch.sequences()} * shape.all_kv_heads() * batch.pages() * page_words();
  }
  ASSAY_HD constexpr std::uint64_t tile(std::uint32_t tile, std::uint32_t kv_head) const {
    return (std::uint64_t{tile} * shape.all_kv_heads() + kv_head) * tile_words();
  }
  /// `head`: of those of the head of keys.
  ASSAY_HD constexpr std::uint64_t query_word(std::uint32_t token, std::uint32_t kv_head, std::uint32_t head,
                                              std::uint32_t chunk) const {
    const std::uint32_t each = batch.tokens_of_tile();
    return tile(token / each, kv_head) + chunk * batch.rows_of_tile() + head * each + token % each;
  }
  ASSAY_HD constexpr std::uint64_t page(std::uint32_t sequence, std::uint32_t kv_head,
                                        std::uint32_t number) const {
    return ((std::uint64_t{sequence} * shape.all_kv_heads() + kv_head) * batch.pages() + number) *
           page_words();
  }
  ASSAY_HD constexpr std::uint64_t cache_word(std::uint32_t sequence, std::uint32_t kv_head,
                                              std::uint32_t position, std::uint32_t chunk) const {
    return page(sequence, kv_head, position / kPageTokens) + chunk * kPageTokens + position % kPageTokens;
  }
};

/// Of weights and of what the layer computes: sums over so many products come out about as large as what goes
/// in, with weights that are smaller by two to this.
constexpr unsigned weight_exponent(std::uint32_t inputs) {
  unsigned exponent = 0;
  while ((std::uint64_t{1} << (2 * (exponent + 1))) <= inputs) ++exponent;
  return exponent;
}

}  // namespace assay::workloads::transformer
