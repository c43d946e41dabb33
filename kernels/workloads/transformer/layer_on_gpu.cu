#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "kernels/workloads/transformer/layer_on_gpu.h"

namespace assay::workloads::transformer {
inline namespace ASSAY_TARGET {
namespace {

using cuda::pointer;

std::string text_of_bf16(std::uint32_t bits) {
  const std::uint32_t wide = bits << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof(value));
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(value));
  return text;
}

std::string place_of(const WrongList::One& one) {
  static constexpr const char* kNames[] = {"mean of equal weights", "constant value", "key in the cache",
                                           "value in the cache"};
  return std::string(kNames[one.what]) + ", token " + std::to_string(one.token) + ", head " +
         std::to_string(one.head) + ", element " + std::to_string(one.element);
}

void list(const WrongList& wrong, Repetitions& repetitions) {
  repetitions.wrong_values = wrong.count;
  for (std::uint32_t i = 0; i < std::min(wrong.listed, WrongList::kMost); ++i)
    repetitions.first_wrong.push_back(
        {place_of(wrong.of[i]), text_of_bf16(wrong.of[i].expected), text_of_bf16(wrong.of[i].actual)});
}

constexpr double kBytes = 2;  // of an element

}  // namespace

LayerOnGpu::LayerOnGpu(Gpu& gpu, const Layer& layer, const Layer& on_card, std::uint64_t seed)
    : gpu_(gpu),
      layer_(layer),
      on_card_(on_card),
      input_(product_buffer(layer.shape.hidden)),
      gains_(allocate(2.0 * layer.shape.hidden)) {
  const LayerShape& shape = layer.shape;
  for (const Matrix matrix : kMatrices)
    weights_[static_cast<int>(matrix)] = allocate(size_of(matrix, shape).elements());
  queries_ = allocate(static_cast<double>(layer.query_words()) * kPerWord);
  keys_ = allocate(static_cast<double>(layer.cache_words()) * kPerWord);
  values_ = allocate(static_cast<double>(layer.cache_words()) * kPerWord);
  rotations_ = gpu.allocate(std::uint64_t{layer.batch.longest} * shape.head_dim / 2 * sizeof(Rotation));
  expected_ = gpu.allocate(std::uint64_t{layer.batch.tokens} * shape.head_dim * sizeof(Between));
  normed_ = operand_buffer(shape.hidden);
  qkv_ = product_buffer(shape.qkv_columns());
  mixed_ = operand_buffer(shape.query_columns());
  probe_ = product_buffer(kGroup * shape.head_dim);
  projected_ = product_buffer(shape.hidden);
  sum_ = product_buffer(shape.hidden);
  normed_sum_ = operand_buffer(shape.hidden);
  gate_up_ = product_buffer(2 * shape.ffn);
  activated_ = operand_buffer(shape.ffn);
  down_ = product_buffer(shape.hidden);
  result_ = product_buffer(shape.hidden);
  fill(seed);
}

LayerOnGpu::Buffer LayerOnGpu::allocate(double elements) const {
  return gpu_.allocate(static_cast<std::uint64_t>(kBytes * elements));
}
LayerOnGpu::Buffer LayerOnGpu::operand_buffer(std::uint32_t elements) const {
  return allocate(double{1} * elements * (layer_.batch.one_each ? kColumns : layer_.batch.tokens));
}
LayerOnGpu::Buffer LayerOnGpu::product_buffer(std::uint32_t elements) const {
  return allocate(double{1} * elements * layer_.batch.tokens);
}

Rows LayerOnGpu::operand(const Buffer& buffer, std::uint32_t elements) const {
  if (layer_.batch.one_each) return {pointer<Word128>(buffer), 1, kColumns};
  return product(buffer, elements);
}
Rows LayerOnGpu::product(const Buffer& buffer, std::uint32_t elements) const {
  return {pointer<Word128>(buffer), elements / kPerWord, 1};
}

void LayerOnGpu::fill(std::uint64_t seed) {
  const auto with_random = [&](const Buffer& buffer, unsigned exponent, bool signs) {
    fill_random(pointer<Word128>(buffer), buffer->words(), exponent, signs, ++seed);
  };
  with_random(input_, 0, true);
  with_random(gains_, 0, false);
  for (const Matrix matrix : kMatrices)
    with_random(weights_[static_cast<int>(matrix)], weight_exponent(size_of(matrix, layer_.shape).inputs),
                true);
  with_random(keys_, 0, true);
  with_random(values_, 0, true);
  fill_probe_queries(layer_, pointer<Word128>(queries_), ++seed);
  fill_probe_values(layer_, pointer<Word128>(values_), ++seed);
  upload_expected(seed);
  upload_rotations();
}

/// Pairs are elements that are half a head apart.
void LayerOnGpu::upload_rotations() {
  const std::uint32_t pairs = layer_.shape.head_dim / 2;
  std::vector<Rotation> all(std::size_t{layer_.batch.longest} * pairs);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double frequency = std::pow(kRotaryBase, -static_cast<double>(i % pairs) / pairs);
    const double angle = static_cast<double>(i / pairs) * frequency;
    all[i] = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
  }
  cuda::check(cudaMemcpy(rotations_->device_pointer(), all.data(), all.size() * sizeof(Rotation),
                         cudaMemcpyHostToDevice),
              "upload");
}

void LayerOnGpu::upload_expected(std::uint64_t seed) {
  const std::vector<Between> expected = expected_of_probe(layer_, seed);
  cuda::check(cudaMemcpy(expected_->device_pointer(), expected.data(), expected.size() * sizeof(Between),
                         cudaMemcpyHostToDevice),
              "upload");
}

Placing LayerOnGpu::placing() const {
  return {layer_,
          product(qkv_, layer_.shape.qkv_columns()),
          pointer<const Rotation>(rotations_),
          pointer<Word128>(queries_),
          pointer<Word128>(keys_),
          pointer<Word128>(values_)};
}

std::vector<const LayerOnGpu::Buffer*> LayerOnGpu::left_behind() const {
  return {&normed_,     &qkv_,     &mixed_,     &probe_, &projected_, &sum_,
          &normed_sum_, &gate_up_, &activated_, &down_,  &result_};
}

/// What is not computed is not to be the last repetition's.
void LayerOnGpu::wipe() {
  for (const Buffer* const buffer : left_behind())
    cuda::check(cudaMemsetAsync((*buffer)->device_pointer(), 0xff, (*buffer)->bytes(), cudaStreamPerThread),
                "clear");
  wipe_placed(placing(), work(Step::look_at_placed));
}

void LayerOnGpu::compute() {
  const LayerShape& shape = layer_.shape;
  const auto* const gains = pointer<const Word128>(gains_);
  normalise(layer_, work(Step::normalise), product(input_, shape.hidden), gains,
            operand(normed_, shape.hidden));
  multiply(Matrix::qkv, normed_, qkv_);
  place(placing(), work(Step::place));
  attend();
  multiply(Matrix::out, mixed_, projected_);
  add_and_normalise(layer_, work(Step::add_and_normalise), product(input_, shape.hidden),
                    product(projected_, shape.hidden), product(sum_, shape.hidden),
                    gains + shape.hidden / kPerWord, operand(normed_sum_, shape.hidden));
  multiply(Matrix::gate_up, normed_sum_, gate_up_);
  activate(layer_, work(Step::activate), product(gate_up_, 2 * shape.ffn), operand(activated_, shape.ffn));
  multiply(Matrix::down, activated_, down_);
  add(layer_, work(Step::add), product(sum_, shape.hidden), product(down_, shape.hidden),
      product(result_, shape.hidden));
}

void LayerOnGpu::look(Sum* sum) {
  look_at_placed(placing(), work(Step::look_at_placed), sum, wrong_.get());
  look_at_probe(layer_, work(Step::look_at_probe), product(probe_, kGroup * layer_.shape.head_dim),
                pointer<const Between>(expected_), wrong_.get());
  Hashed all{};
  unsigned number = 0;
  for (const Buffer* const buffer : left_behind())
    all.of[number++] = {pointer<const Word128>(*buffer), (*buffer)->words()};
  all.of[number++] = {pointer<const Word128>(queries_), queries_->words()};
  static_assert(Hashed::kMost == 12);
  hash(all, work(Step::hash), sum);
}

Repetitions LayerOnGpu::repeat(int times) {
  hashes_.clear();
  wrong_.clear();
  watch_.start();
  const int done = cuda::repeatedly(times, [&](int i) {
    wipe();
    compute();
    look(hashes_.get()->of + i);
  });
  Repetitions repetitions;
  repetitions.seconds = watch_.stop();
  const Hashes hashes = hashes_.download();
  for (int i = 0; i < done; ++i)
    repetitions.by_hash[hashes.of[i]] += static_cast<std::uint64_t>(times / done);
  list(wrong_.download(), repetitions);
  return repetitions;
}

}  // namespace ASSAY_TARGET
}  // namespace assay::workloads::transformer
