#include "kernels/workloads/train_step/model.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/memory_patterns.h"

namespace assay::workloads::train_step {
namespace {

constexpr float kHeadReach = 0.25F;
constexpr unsigned kFewestRowsOfProbe = 64;  // of small tiles, one for each part of a multiprocessor

/// Random weights of this scale leave a sum over `terms` as large as one of its terms is.
float scale_of_sum(unsigned terms) {
  return std::sqrt(3.0F / static_cast<float>(terms));
}

ProductSize transposed(const ProductSize& forward) {
  return {forward.n, forward.k, forward.m};
}
ProductSize backward(const ProductSize& forward) {
  return {forward.m, forward.k, forward.n};
}

bool is_of_head(Role role) {
  return role == Role::logits || role == Role::weights_of_head || role == Role::into_head;
}

}  // namespace

std::vector<Tensor> tensors_of(const Model& model) {
  std::vector<Tensor> all;
  const auto add = [&](std::string name, unsigned rows, unsigned columns, float scale) {
    const std::uint64_t offset = all.empty() ? 0 : all.back().offset + all.back().elements();
    all.push_back({std::move(name), rows, columns, scale, offset});
  };
  const unsigned d = model.width;
  // Each layer adds to x twice: so that what all add is as large as what the embedding gives.
  const float share = 1 / std::sqrt(2.0F * static_cast<float>(model.layers));
  add("embedding", model.vocabulary, d, 1);
  for (unsigned layer = 0; layer < model.layers; ++layer) {
    const std::string of = "layer " + std::to_string(layer);
    add(of + " qkv", 3 * d, d, scale_of_sum(d));
    add(of + " out", d, d, share * scale_of_sum(d));
    add(of + " up", model.hidden, d, scale_of_sum(d));
    add(of + " down", d, model.hidden, share * scale_of_sum(model.hidden));
  }
  add("head", model.vocabulary, d, kHeadReach / static_cast<float>(d));
  if (all.size() > kMostTensors) throw std::length_error("more tensors than a launch tells apart");
  return all;
}

/// Of a sum over n of w and x, |logit| <= (greatest weight) sqrt(width) |norm(x)|, and |norm(x)| <=
/// sqrt(width); bf16 makes each of the two factors larger by no more than 2^-8, the sum in fp32 far less. A
/// token's loss is ln(sum of exp(logits)) - logit, which is off ln(vocabulary) by twice the greatest |logit|
/// at most.
double most_of_first_loss_beside_uniform(const Model&) {
  return 2 * kHeadReach * (1 + 0x1p-6);
}

ProductSize size_of(const Model& model, Role role) {
  const unsigned t = model.tokens(), d = model.width, h = model.hidden, v = model.vocabulary;
  const unsigned s = model.length, of_head = model.of_head(), batches = model.attentions();
  const ProductSize qkv{t, 3 * d, d}, out{t, d, d}, up{t, h, d}, down{t, d, h}, logits{t, v, d};
  switch (role) {
    case Role::qkv:
      return qkv;
    case Role::scores:
    case Role::of_probabilities:
      return {s, s, of_head, batches};
    case Role::attend:
    case Role::of_values:
    case Role::of_queries:
    case Role::of_keys:
      return {s, of_head, s, batches};
    case Role::out:
      return out;
    case Role::up:
      return up;
    case Role::down:
      return down;
    case Role::logits:
      return logits;
    case Role::weights_of_head:
      return transposed({t, v, d});
    case Role::into_head:
      return backward(logits);
    case Role::weights_of_down:
      return transposed(down);
    case Role::into_down:
      return backward(down);
    case Role::weights_of_up:
      return transposed(up);
    case Role::into_up:
      return backward(up);
    case Role::weights_of_out:
      return transposed(out);
    case Role::into_out:
      return backward(out);
    case Role::weights_of_qkv:
      return transposed(qkv);
    case Role::into_qkv:
      return backward(qkv);
    case Role::probe:
      return {std::max(t, kFewestRowsOfProbe), d, d};
  }
  throw std::invalid_argument("no product");
}

unsigned count_of(const Model& model, Role role) {
  if (role == Role::probe) return kProbes;
  return is_of_head(role) ? model.steps : model.steps * model.layers;
}

unsigned count_of(const Model& model, Pass pass) {
  switch (pass) {
    case Pass::make_weights:
      return 1;
    case Pass::norm:
    case Pass::norm_backward:
      return model.steps * (2 * model.layers + 1);
    case Pass::softmax:
    case Pass::softmax_backward:
      return model.steps * model.layers;
    case Pass::hash_tokens:
      return model.steps * (model.layers + 1);
    case Pass::check_probe:
      return kProbes;
    default:
      return model.steps;
  }
}

Tokens tokens_of(const Model& model, std::uint64_t seed) {
  // An eighth of the vocabulary, each word followed by one of two: that much can be learnt.
  const std::uint32_t words = model.vocabulary / 8;
  Tokens tokens;
  for (unsigned sequence = 0; sequence < model.sequences; ++sequence) {
    auto word = static_cast<std::uint32_t>(memory::mix64(seed ^ ~std::uint64_t{sequence}) % words);
    for (unsigned i = 0; i < model.length; ++i) {
      tokens.given.push_back(word);
      const std::uint64_t drawn = memory::mix64(seed + tokens.given.size());
      word = (5 * word + 1 + static_cast<std::uint32_t>(drawn & 1)) % words;
      tokens.next.push_back(word);
    }
  }
  for (std::uint32_t number = 0; number < model.vocabulary; ++number) {
    tokens.first.push_back(static_cast<std::uint32_t>(tokens.places.size()));
    if (number >= words) continue;
    for (std::uint32_t place = 0; place < tokens.given.size(); ++place) {
      if (tokens.given[place] == number) tokens.places.push_back(place);
    }
  }
  tokens.first.push_back(static_cast<std::uint32_t>(tokens.places.size()));
  return tokens;
}

std::vector<std::string> names_of_hashes(const Model& model) {
  const std::vector<Tensor> tensors = tensors_of(model);
  std::vector<std::string> names{"output of the embedding"};
  for (unsigned layer = 0; layer < model.layers; ++layer)
    names.push_back("output of layer " + std::to_string(layer));
  names.emplace_back("logits");
  for (auto tensor = tensors.rbegin(); tensor != tensors.rend(); ++tensor)
    names.push_back("gradient of " + tensor->name);
  for (const char* what : {"weights of ", "first moments of ", "second moments of "}) {
    for (const Tensor& tensor : tensors) names.push_back(what + tensor.name);
  }
  return names;
}

}  // namespace assay::workloads::train_step
