// The model that is trained: a decoder of transformer layers without biases, gains or positions. What its
// sizes, tensors and products are.
//
//   x = embedding[token]
//   of each layer: x += attention(norm(x)) out';  x += relu(norm(x) up')^2 down'
//   logits = norm(x) head'
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/model/work.h"

namespace assay::workloads::train_step {

struct Model {
  unsigned layers, width, heads;
  unsigned sequences, length;  // of a batch: the same one in every step
  unsigned hidden, vocabulary;
  unsigned steps;  // of a repetition
  float learning_rate;

  constexpr unsigned tokens() const { return sequences * length; }
  constexpr unsigned of_head() const { return width / heads; }
  constexpr unsigned attentions() const { return sequences * heads; }
};

/// 67 million weights, 8,192 tokens.
inline constexpr Model kOnCard{4, 1024, 8, 32, 256, 4096, 8192, 8, 0x1p-10F};
/// What the emulation trains in its place, in its time: some of its products have a tile for each part of a
/// multiprocessor.
inline constexpr Model kUnderEmulation{2, 16, 1, 1, 16, 32, 64, 2, 0x1p-5F};

/// Of a layer.
enum class Weights { qkv, out, up, down };
inline constexpr unsigned kWeightsOfLayer = 4, kMostTensors = 32;

struct Tensor {
  std::string name;  // "layer 2 up"
  unsigned rows, columns;
  float scale;           // random weights are up to this
  std::uint64_t offset;  // elements before it

  std::uint64_t elements() const { return std::uint64_t{rows} * columns; }
};

/// The embedding, of each layer the four above, the head.
std::vector<Tensor> tensors_of(const Model& model);

/// The products: in the order in which a step makes them.
enum class Role {
  // Of each layer, forward.
  qkv,
  scores,
  attend,
  out,
  up,
  down,
  // Of the head.
  logits,
  weights_of_head,
  into_head,
  // Of each layer, backward: what the weights are to be changed by, and what goes on to the left.
  weights_of_down,
  into_down,
  weights_of_up,
  into_up,
  weights_of_out,
  into_out,
  of_probabilities,
  of_values,
  of_queries,
  of_keys,
  weights_of_qkv,
  into_qkv,
  // Of whole numbers.
  probe,
};
inline constexpr int kRoles = 22;

/// D (m x n) of so many pairs of matrices, sums over k.
struct ProductSize {
  unsigned m, n, k, batches = 1;
};
ProductSize size_of(const Model& model, Role role);

/// What else a step does, row by row or element by element.
enum class Pass {
  make_weights,  // once in a repetition
  embed,
  norm,
  softmax,
  loss,
  norm_backward,
  softmax_backward,
  embed_backward,
  optimize,
  hash_weights,
  hash_tokens,  // what leaves the embedding or a layer
  hash_logits,
  check_probe,  // of one product, once in a repetition
};
inline constexpr int kPasses = 13;

Work work_of(const Model& model, Role role);
Work work_of(const Model& model, Pass pass);

/// Tiles of the card's products: rows, columns and K of one.
inline constexpr unsigned kTileRows = 256, kTileColumns = 128, kTileDepth = 64;
/// Products of whole numbers: each operand along K or across it, as training has them.
inline constexpr unsigned kProbes = 3;

/// How often a repetition makes it.
unsigned count_of(const Model& model, Role role);
unsigned count_of(const Model& model, Pass pass);

/// Device time of a repetition, and what is held for it.
double seconds_of_repetition(const DeviceSpeed& speed, const Model& model);

/// Of every token of the batch the one that follows it.
struct Tokens {
  std::vector<std::uint32_t> given, next;
  /// By word of the vocabulary: where in the batch it is given. first[word] to first[word + 1].
  std::vector<std::uint32_t> places, first;
};
Tokens tokens_of(const Model& model, std::uint64_t seed);

/// Of each step, in the order in which they are computed, what is hashed: "layer 1 up, gradient".
std::vector<std::string> names_of_hashes(const Model& model);

/// No loss of the first step is farther from ln(vocabulary).
double most_of_first_loss_beside_uniform(const Model& model);

}  // namespace assay::workloads::train_step
