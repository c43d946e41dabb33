// A step: forward through the layers, and back.
#pragma once

#include <cmath>
#include <vector>

#include "kernels/workloads/train_step/launcher.h"

namespace assay::workloads::train_step {
inline namespace ASSAY_TARGET {

using Half = std::uint16_t;  // bf16

/// What the way back needs of a layer.
struct KeptOfLayer {
  Array<float> between;  // x behind the attention
  Array<Half> normed, qkv, probabilities, attended;
  Array<Half> normed_between, hidden, activated;

  KeptOfLayer(Gpu& gpu, const Model& m, std::uint64_t t, std::uint64_t d)
      : between(gpu, t * d),
        normed(gpu, t * d),
        qkv(gpu, t * 3 * d),
        probabilities(gpu, std::uint64_t{m.attentions()} * m.length * m.length),
        attended(gpu, t * d),
        normed_between(gpu, t * d),
        hidden(gpu, t * m.hidden),
        activated(gpu, t * m.hidden) {}
};

/// What each layer uses anew, and the head.
struct Scratch {
  Array<float> logits, scores, d_normed, d_x;
  Array<Half> normed_last, d_logits, d_x_as_bf16, d_hidden, d_attended, d_scores, d_qkv;

  Scratch(Gpu& gpu, const Model& m, std::uint64_t t, std::uint64_t d)
      : logits(gpu, t * m.vocabulary),
        scores(gpu, std::uint64_t{m.attentions()} * m.length * m.length),
        d_normed(gpu, t * d),
        d_x(gpu, t * d),
        normed_last(gpu, t * d),
        d_logits(gpu, t * m.vocabulary),
        d_x_as_bf16(gpu, t * d),
        d_hidden(gpu, t * m.hidden),
        d_attended(gpu, t * d),
        d_scores(gpu, std::uint64_t{m.attentions()} * m.length * m.length),
        d_qkv(gpu, t * 3 * d) {}
};

struct TokensOnGpu {
  Array<std::uint32_t> given, next, places, first;
  TokensOnGpu(Gpu& gpu, const Tokens& tokens)
      : given(gpu, tokens.given),
        next(gpu, tokens.next),
        places(gpu, tokens.places),
        first(gpu, tokens.first) {}
};

class Passes {
 public:
  Passes(Gpu& gpu, const Model& model, const Launcher& launcher, const Parameters& parameters,
         float* gradients, std::uint64_t seed)
      : m_(model),
        launch_(launcher),
        weights_(parameters),
        gradients_(gradients),
        tensors_(tensors_of(model)),
        tokens_(gpu, tokens_of(model, seed)),
        s_(gpu, model, model.tokens(), model.width) {
    for (unsigned i = 0; i <= m_.layers; ++i) x_.emplace_back(gpu, std::uint64_t{m_.tokens()} * m_.width);
    for (unsigned i = 0; i < m_.layers; ++i) kept_.emplace_back(gpu, m_, m_.tokens(), m_.width);
  }

  void forward(StepRecord* record) {
    launch_.by_rows(
        Pass::embed, m_.tokens(), [](auto rows) { return &embed<decltype(rows)>; }, weights_.weights,
        tokens_.given.get(), x_.front().get(), m_.width);
    hash_x(0, record);
    each_layer([&](unsigned layer) {
      forward_layer(layer, record);
      hash_x(layer + 1, record);
    });
    normalize(x_.back(), s_.normed_last);
    product(Role::logits, kForward, matrix(s_.normed_last, m_.width), weight(tensors_.size() - 1, m_.width),
            s_.logits.get(), m_.vocabulary, Finish::to_float);
    launch_.hash(Pass::hash_logits, s_.logits.get(),
                 std::uint64_t{m_.tokens()} * m_.vocabulary * sizeof(float), record->hash + m_.layers + 1);
  }

  void backward(StepRecord* record) {
    const Loss of_tokens{s_.logits.get(),
                         tokens_.next.get(),
                         s_.d_logits.get(),
                         m_.vocabulary,
                         1 / static_cast<float>(m_.tokens()),
                         record};
    launch_.by_rows(
        Pass::loss, m_.tokens(), [](auto rows) { return &loss<decltype(rows)>; }, of_tokens);
    const std::size_t head = tensors_.size() - 1;
    product(Role::weights_of_head, kOfWeights, matrix(s_.d_logits, m_.vocabulary),
            matrix(s_.normed_last, m_.width), gradient(head), m_.width, Finish::to_float);
    product(Role::into_head, kLeftwards, matrix(s_.d_logits, m_.vocabulary), weight(head, m_.width),
            s_.d_normed.get(), m_.width, Finish::to_float);
    through_norm(x_.back(), nullptr);
    each_layer([&](unsigned layer) { backward_layer(m_.layers - 1 - layer); });
    launch_.by_rows(
        Pass::embed_backward, m_.vocabulary, [](auto rows) { return &embed_backward<decltype(rows)>; },
        s_.d_x.get(), tokens_.places.get(), tokens_.first.get(), gradient(0), m_.width);
  }

 private:
  /// Under the emulation there are fewer layers, in the time of the card's.
  template <typename Body>
  void each_layer(const Body& body) const {
    cuda::in_time_of(static_cast<double>(launch_.nominal().layers) / m_.layers, [&] {
      for (unsigned layer = 0; layer < m_.layers; ++layer) body(layer);
    });
  }

  void forward_layer(unsigned layer, StepRecord* record) {
    const KeptOfLayer& k = kept_[layer];
    const unsigned d = m_.width;
    normalize(x_[layer], k.normed);
    product(Role::qkv, kForward, matrix(k.normed, d), weight(layer, Weights::qkv, d), k.qkv.get(), 3 * d,
            Finish::to_bf16);
    product(Role::scores, kForward, of_heads(k.qkv, 0), of_heads(k.qkv, 1), s_.scores.get(), squares(),
            Finish::to_float);
    launch_.by_rows(
        Pass::softmax, m_.attentions() * m_.length, [](auto rows) { return &softmax<decltype(rows)>; },
        s_.scores.get(), k.probabilities.get(), m_.length, scale_of_scores(), record);
    product(Role::attend, kLeftwards, {k.probabilities.get(), squares()}, of_heads(k.qkv, 2),
            k.attended.get(), heads(d), Finish::to_bf16);
    product(Role::out, kForward, matrix(k.attended, d), weight(layer, Weights::out, d), k.between.get(), d,
            Finish::add, x_[layer].get());
    normalize(k.between, k.normed_between);
    product(Role::up, kForward, matrix(k.normed_between, d), weight(layer, Weights::up, d), k.activated.get(),
            m_.hidden, Finish::relu_squared, nullptr, k.hidden.get());
    product(Role::down, kForward, matrix(k.activated, m_.hidden), weight(layer, Weights::down, m_.hidden),
            x_[layer + 1].get(), d, Finish::add, k.between.get());
  }

  void backward_layer(unsigned layer) {
    const KeptOfLayer& k = kept_[layer];
    const unsigned d = m_.width, h = m_.hidden;
    const Operand from_right = matrix(s_.d_x_as_bf16, d);
    product(Role::weights_of_down, kOfWeights, from_right, matrix(k.activated, h),
            gradient(layer, Weights::down), h, Finish::to_float);
    product(Role::into_down, kLeftwards, from_right, weight(layer, Weights::down, h), s_.d_hidden.get(), h,
            Finish::relu_backwards, k.hidden.get());
    product(Role::weights_of_up, kOfWeights, matrix(s_.d_hidden, h), matrix(k.normed_between, d),
            gradient(layer, Weights::up), d, Finish::to_float);
    product(Role::into_up, kLeftwards, matrix(s_.d_hidden, h), weight(layer, Weights::up, d),
            s_.d_normed.get(), d, Finish::to_float);
    through_norm(k.between, s_.d_x.get());
    product(Role::weights_of_out, kOfWeights, from_right, matrix(k.attended, d),
            gradient(layer, Weights::out), d, Finish::to_float);
    product(Role::into_out, kLeftwards, from_right, weight(layer, Weights::out, d), s_.d_attended.get(), d,
            Finish::to_bf16);
    backward_attention(k);
    product(Role::weights_of_qkv, kOfWeights, matrix(s_.d_qkv, 3 * d), matrix(k.normed, d),
            gradient(layer, Weights::qkv), d, Finish::to_float);
    product(Role::into_qkv, kLeftwards, matrix(s_.d_qkv, 3 * d), weight(layer, Weights::qkv, d),
            s_.d_normed.get(), d, Finish::to_float);
    through_norm(x_[layer], s_.d_x.get());
  }

  /// A matrix of each head, of which each element is added up by one thread.
  void backward_attention(const KeptOfLayer& k) {
    const unsigned d = m_.width;
    const Operand d_attended{s_.d_attended.get(), heads(d)}, p{k.probabilities.get(), squares()};
    const Operand d_scores{s_.d_scores.get(), squares()};
    product(Role::of_probabilities, kForward, d_attended, of_heads(k.qkv, 2), s_.scores.get(), squares(),
            Finish::to_float);
    product(Role::of_values, kOfWeights, p, d_attended, s_.d_qkv.get() + 2 * d, heads(3 * d),
            Finish::to_bf16);
    launch_.by_rows(
        Pass::softmax_backward, m_.attentions() * m_.length,
        [](auto rows) { return &softmax_backward<decltype(rows)>; }, k.probabilities.get(), s_.scores.get(),
        s_.d_scores.get(), m_.length, scale_of_scores());
    product(Role::of_queries, kLeftwards, d_scores, of_heads(k.qkv, 1), s_.d_qkv.get(), heads(3 * d),
            Finish::to_bf16);
    product(Role::of_keys, kOfWeights, d_scores, of_heads(k.qkv, 0), s_.d_qkv.get() + d, heads(3 * d),
            Finish::to_bf16);
  }

  void product(Role role, const Across& across, const Operand& a, const Operand& b, void* d,
               const Stack& of_d, Finish finish, const void* beside = nullptr, Half* second = nullptr) const {
    Product p{};
    p.a = a, p.b = b, p.d = d, p.of_d = of_d, p.finish = finish, p.beside = beside, p.second = second;
    launch_.product(role, across, p);
  }
  void product(Role role, const Across& across, const Operand& a, const Operand& b, void* d, unsigned pitch,
               Finish finish, const void* beside = nullptr, Half* second = nullptr) const {
    product(role, across, a, b, d, Stack{pitch}, finish, beside, second);
  }

  void normalize(const Array<float>& x, const Array<Half>& normed) const {
    launch_.by_rows(
        Pass::norm, m_.tokens(), [](auto rows) { return &norm<decltype(rows)>; }, x.get(), normed.get(),
        m_.width);
  }
  void through_norm(const Array<float>& x, const float* beside) const {
    const NormBackward p{x.get(), s_.d_normed.get(), beside, s_.d_x.get(), s_.d_x_as_bf16.get(), m_.width};
    launch_.by_rows(
        Pass::norm_backward, m_.tokens(), [](auto rows) { return &norm_backward<decltype(rows)>; }, p);
  }
  void hash_x(unsigned number, StepRecord* record) const {
    launch_.hash(Pass::hash_tokens, x_[number].get(), std::uint64_t{m_.tokens()} * m_.width * sizeof(float),
                 record->hash + number);
  }

  static Operand matrix(const Array<Half>& of, unsigned pitch) { return {of.get(), {pitch}}; }
  Operand weight(std::size_t tensor, unsigned pitch) const {
    return {weights_.as_bf16 + tensors_[tensor].offset, {pitch}};
  }
  Operand weight(unsigned layer, Weights which, unsigned pitch) const {
    return weight(number_of(layer, which), pitch);
  }
  float* gradient(std::size_t tensor) const { return gradients_ + tensors_[tensor].offset; }
  float* gradient(unsigned layer, Weights which) const { return gradient(number_of(layer, which)); }
  static std::size_t number_of(unsigned layer, Weights which) {
    return 1 + std::size_t{layer} * kWeightsOfLayer + static_cast<std::size_t>(which);
  }
  /// Of the tokens' rows, of a head its columns.
  Stack heads(unsigned pitch) const { return {pitch, std::uint64_t{m_.length} * pitch, m_.of_head()}; }
  /// 0 queries, 1 keys, 2 values.
  Operand of_heads(const Array<Half>& qkv, unsigned part) const {
    return {qkv.get() + std::size_t{part} * m_.width, heads(3 * m_.width)};
  }
  Stack squares() const {
    const std::uint64_t square = std::uint64_t{m_.length} * m_.length;
    return {m_.length, m_.heads * square, square};
  }
  float scale_of_scores() const { return 1 / std::sqrt(static_cast<float>(m_.of_head())); }

  Model m_;
  const Launcher& launch_;
  Parameters weights_;
  float* gradients_;
  std::vector<Tensor> tensors_;
  TokensOnGpu tokens_;
  std::vector<Array<float>> x_;  // before each layer, and behind the last
  std::vector<KeptOfLayer> kept_;
  Scratch s_;
};

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::train_step
