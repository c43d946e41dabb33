// A training step in double precision on the host: the loss, and the gradient of every tensor. It rounds to
// bf16 where the device does, or nowhere.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/workloads/train_step/model.h"

namespace assay::workloads::train_step {

class Reference {
 public:
  using Matrix = std::vector<double>;  // row by row
  enum class Rounds { to_bf16, nowhere };

  Reference(const Model& model, const Tokens& tokens, Rounds rounds)
      : m_(model), tokens_(tokens), rounds_(rounds), tensors_(tensors_of(model)) {}

  /// weights: by tensor. Fills `gradients`, likewise.
  double step(const std::vector<Matrix>& weights) {
    for (const Matrix& one : weights) as_bf16_.push_back(rounded(one));
    gradients.assign(weights.size(), {});
    Matrix x;
    for (const std::uint32_t word : tokens_.given) {
      for (std::size_t c = 0; c < d(); ++c) x.push_back(weights[0][word * d() + c]);
    }
    for (unsigned layer = 0; layer < m_.layers; ++layer) x = forward(layer, x);
    const double loss = head(x);
    for (unsigned layer = m_.layers; layer-- > 0;) backward(layer);
    gradients[0].assign(weights[0].size(), 0);
    for (std::size_t t = 0; t < tokens_.given.size(); ++t) {
      for (std::size_t c = 0; c < d(); ++c) gradients[0][tokens_.given[t] * d() + c] += d_x_[t * d() + c];
    }
    as_bf16_.clear();
    kept_.clear();
    return loss;
  }

  std::vector<Matrix> gradients;

 private:
  struct Kept {
    Matrix x, normed, qkv, p, attended, between, normed_between, hidden, activated;
  };

  std::size_t d() const { return m_.width; }
  const Matrix& weight(unsigned layer, Weights which) const { return as_bf16_[number(layer, which)]; }
  Matrix& gradient(unsigned layer, Weights which) { return gradients[number(layer, which)]; }
  static std::size_t number(unsigned layer, Weights which) {
    return 1 + std::size_t{layer} * kWeightsOfLayer + static_cast<std::size_t>(which);
  }

  double rounded(double value) const {
    if (rounds_ == Rounds::nowhere) return value;
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);  // from 1/2 to 1: eight bits
    return std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
  }
  Matrix rounded(Matrix values) const {
    for (double& value : values) value = rounded(value);
    return values;
  }

  /// (m x k) (n x k)'
  static Matrix times_transposed(const Matrix& a, const Matrix& b, std::size_t k) {
    const std::size_t m = a.size() / k, n = b.size() / k;
    Matrix out(m * n);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t c = 0; c < k; ++c) out[i * n + j] += a[i * k + c] * b[j * k + c];
      }
    }
    return out;
  }
  static Matrix transposed(const Matrix& a, std::size_t columns) {
    const std::size_t rows = a.size() / columns;
    Matrix out(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) out[i % columns * rows + i / columns] = a[i];
    return out;
  }
  /// (m x k) (k x n)
  static Matrix times(const Matrix& a, const Matrix& b, std::size_t k) {
    return times_transposed(a, transposed(b, b.size() / k), k);
  }
  static Matrix plus(Matrix a, const Matrix& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }

  double inverse_norm(const Matrix& x, std::size_t row) const {
    double squares = 0;
    for (std::size_t c = 0; c < d(); ++c) squares += x[row * d() + c] * x[row * d() + c];
    return 1 / std::sqrt(squares / m_.width + 0x1p-20);
  }
  Matrix norm(const Matrix& x) const {
    Matrix out(x);
    for (std::size_t i = 0; i < x.size(); ++i) out[i] *= inverse_norm(x, i / d());
    return rounded(out);
  }
  /// Adds to d_x_ what comes through a norm of x.
  void through_norm(const Matrix& x, const Matrix& d_normed) {
    if (d_x_.empty()) d_x_.assign(x.size(), 0);
    for (std::size_t row = 0; row < x.size() / d(); ++row) {
      const double r = inverse_norm(x, row);
      double along = 0;
      for (std::size_t c = 0; c < d(); ++c) along += x[row * d() + c] * d_normed[row * d() + c];
      for (std::size_t c = 0; c < d(); ++c) {
        const std::size_t i = row * d() + c;
        d_x_[i] += r * (d_normed[i] - x[i] * r * r * along / m_.width);
      }
    }
  }

  /// Of a sequence's head, `part` of `width` columns: length x of_head.
  Matrix head_of(const Matrix& all, std::size_t sequence, std::size_t column, std::size_t width) const {
    Matrix out;
    for (std::size_t t = 0; t < m_.length; ++t) {
      for (std::size_t c = 0; c < m_.of_head(); ++c)
        out.push_back(all[(sequence * m_.length + t) * width + column + c]);
    }
    return out;
  }
  void put_head(const Matrix& head, std::size_t sequence, std::size_t column, std::size_t width,
                Matrix& all) const {
    for (std::size_t i = 0; i < head.size(); ++i)
      all[(sequence * m_.length + i / m_.of_head()) * width + column + i % m_.of_head()] = head[i];
  }
  template <typename Body>
  void each_head(const Body& body) const {
    for (std::size_t sequence = 0; sequence < m_.sequences; ++sequence) {
      for (std::size_t head = 0; head < m_.heads; ++head)
        body(sequence, head * m_.of_head(), (sequence * m_.heads + head) * m_.length * m_.length);
    }
  }
  double scale() const { return 1 / std::sqrt(static_cast<double>(m_.of_head())); }

  void attend(Kept& k) const {
    const std::size_t s = m_.length;
    k.p.resize(std::size_t{m_.attentions()} * s * s);
    k.attended.resize(k.normed.size());
    each_head([&](std::size_t sequence, std::size_t column, std::size_t begin) {
      const Matrix q = head_of(k.qkv, sequence, column, 3 * d());
      const Matrix keys = head_of(k.qkv, sequence, column + d(), 3 * d());
      const Matrix values = head_of(k.qkv, sequence, column + 2 * d(), 3 * d());
      Matrix p = times_transposed(q, keys, m_.of_head());
      for (std::size_t i = 0; i < s; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < s; ++j) {
          p[i * s + j] = j > i ? 0 : std::exp(p[i * s + j] * scale());
          sum += p[i * s + j];
        }
        for (std::size_t j = 0; j < s; ++j)
          k.p[begin + i * s + j] = p[i * s + j] = rounded(p[i * s + j] / sum);
      }
      put_head(rounded(times(p, values, s)), sequence, column, d(), k.attended);
    });
  }

  Matrix forward(unsigned layer, const Matrix& x) {
    Kept k;
    k.x = x;
    k.normed = norm(x);
    k.qkv = rounded(times_transposed(k.normed, weight(layer, Weights::qkv), d()));
    attend(k);
    k.between = plus(x, times_transposed(k.attended, weight(layer, Weights::out), d()));
    k.normed_between = norm(k.between);
    k.hidden = times_transposed(k.normed_between, weight(layer, Weights::up), d());
    for (const double value : k.hidden) k.activated.push_back(value > 0 ? rounded(value * value) : 0);
    k.hidden = rounded(k.hidden);
    kept_.push_back(k);
    return plus(k.between, times_transposed(k.activated, weight(layer, Weights::down), m_.hidden));
  }

  double head(const Matrix& x) {
    const Matrix normed = norm(x), &weights = as_bf16_.back();
    Matrix logits = times_transposed(normed, weights, d());
    const std::size_t v = m_.vocabulary, tokens = tokens_.next.size();
    double loss = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      double sum = 0;
      for (std::size_t i = 0; i < v; ++i) sum += std::exp(logits[t * v + i]);
      loss += std::log(sum) - logits[t * v + tokens_.next[t]];
      for (std::size_t i = 0; i < v; ++i) {
        const double due = i == tokens_.next[t] ? 1 : 0;
        logits[t * v + i] = rounded((std::exp(logits[t * v + i]) / sum - due) / static_cast<double>(tokens));
      }
    }
    gradients.back() = times(transposed(logits, v), normed, tokens);
    d_x_.clear();
    through_norm(x, times(logits, weights, v));
    return loss / static_cast<double>(tokens);
  }

  void backward(unsigned layer) {
    const Kept& k = kept_[layer];
    const std::size_t h = m_.hidden, tokens = tokens_.given.size();
    Matrix from_right = rounded(d_x_);
    gradient(layer, Weights::down) = times(transposed(from_right, d()), k.activated, tokens);
    Matrix d_hidden = times(from_right, weight(layer, Weights::down), d());
    for (std::size_t i = 0; i < d_hidden.size(); ++i)
      d_hidden[i] = rounded(d_hidden[i] * 2 * std::max(0.0, k.hidden[i]));
    gradient(layer, Weights::up) = times(transposed(d_hidden, h), k.normed_between, tokens);
    through_norm(k.between, times(d_hidden, weight(layer, Weights::up), h));
    from_right = rounded(d_x_);
    gradient(layer, Weights::out) = times(transposed(from_right, d()), k.attended, tokens);
    const Matrix d_attended = rounded(times(from_right, weight(layer, Weights::out), d()));
    const Matrix d_qkv = backward_attention(k, d_attended);
    gradient(layer, Weights::qkv) = times(transposed(d_qkv, 3 * d()), k.normed, tokens);
    through_norm(k.x, times(d_qkv, weight(layer, Weights::qkv), 3 * d()));
  }

  Matrix backward_attention(const Kept& k, const Matrix& d_attended) const {
    const std::size_t s = m_.length, w = 3 * d();
    Matrix d_qkv(k.qkv.size());
    each_head([&](std::size_t sequence, std::size_t column, std::size_t begin) {
      const Matrix d_out = head_of(d_attended, sequence, column, d());
      const Matrix q = head_of(k.qkv, sequence, column, w), keys = head_of(k.qkv, sequence, column + d(), w);
      const Matrix values = head_of(k.qkv, sequence, column + 2 * d(), w);
      const Matrix p(k.p.begin() + static_cast<std::ptrdiff_t>(begin),
                     k.p.begin() + static_cast<std::ptrdiff_t>(begin + s * s));
      Matrix d_p = times_transposed(d_out, values, m_.of_head());
      for (std::size_t i = 0; i < s; ++i) {
        double dot = 0;
        for (std::size_t j = 0; j < s; ++j) dot += p[i * s + j] * d_p[i * s + j];
        for (std::size_t j = 0; j < s; ++j)
          d_p[i * s + j] = rounded(p[i * s + j] * (d_p[i * s + j] - dot) * scale());
      }
      put_head(rounded(times(d_p, keys, s)), sequence, column, w, d_qkv);
      put_head(rounded(times(transposed(d_p, s), q, s)), sequence, column + d(), w, d_qkv);
      put_head(rounded(times(transposed(p, s), d_out, s)), sequence, column + 2 * d(), w, d_qkv);
    });
    return d_qkv;
  }

  Model m_;
  Tokens tokens_;
  Rounds rounds_;
  std::vector<Tensor> tensors_;
  std::vector<Matrix> as_bf16_;
  std::vector<Kept> kept_;
  Matrix d_x_;
};

}  // namespace assay::workloads::train_step
