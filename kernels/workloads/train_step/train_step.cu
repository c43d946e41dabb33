#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "kernels/workloads/train_step/judge.h"
#include "kernels/workloads/train_step/passes.h"
#include "kernels/workloads/train_step/train_step.h"

namespace assay::workloads::train_step::ASSAY_TARGET {
namespace {

constexpr std::array<Across, kProbes> kAllAcross{kForward, kLeftwards, kOfWeights};

/// Whole numbers for every way in which training multiplies.
class Probes {
 public:
  Probes(Gpu& gpu, const Model& model, std::uint64_t seed)
      : Probes(gpu, {size_of(model, Role::probe), seed}) {}

  void multiply_and_check(const Launcher& launcher, ProbeRecord* records) const {
    for (unsigned i = 0; i < kProbes; ++i) {
      const Across across = kAllAcross[i];
      Product p{};
      p.a = {a_.get(), {across.a ? size_.m : size_.k}};
      p.b = {b_.get(), {across.b ? size_.n : size_.k}};
      p.d = d_.get(), p.of_d = {size_.n}, p.finish = Finish::to_float;
      launcher.product(Role::probe, across, p);
      launcher.by_rows(
          Pass::check_probe, size_.m, [](auto rows) { return &check_rows<decltype(rows)>; }, d_.get(),
          size_.n, expected_[i].get(), records + i);
    }
  }
  const std::vector<std::vector<Sum>>& sums() const { return sums_; }

 private:
  Probes(Gpu& gpu, const WholeNumbers& numbers)
      : size_(numbers.size),
        a_(gpu, WholeNumbers::as_bf16(numbers.a)),
        b_(gpu, WholeNumbers::as_bf16(numbers.b)),
        d_(gpu, std::uint64_t{size_.m} * size_.n) {
    for (const Across& across : kAllAcross) {
      sums_.push_back(numbers.sums_of_rows(across.a, across.b));
      expected_.emplace_back(gpu, sums_.back());
    }
  }

  ProductSize size_;
  Array<Half> a_, b_;
  Array<float> d_;
  std::vector<std::vector<Sum>> sums_;
  std::vector<Array<Sum>> expected_;
};

Segments segments_of(const std::vector<Tensor>& tensors) {
  Segments segments{};
  segments.count = static_cast<unsigned>(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    segments.end[i] = (tensors[i].offset + tensors[i].elements()) / kFloatsOfWord;
    segments.scale[i] = tensors[i].scale;
  }
  return segments;
}

Adam adam_of(const Model& model, unsigned step) {
  constexpr double kFirst = 0.9, kSecond = 0.95;
  const auto correction = [&](double beta) {
    return static_cast<float>(1 / (1 - std::pow(beta, static_cast<double>(step + 1))));
  };
  return {model.learning_rate,         0.1F,  static_cast<float>(kFirst),
          static_cast<float>(kSecond), 1e-8F, correction(kFirst),
          correction(kSecond)};
}

class TrainingOnGpu final : public Training {
 public:
  TrainingOnGpu(Gpu& gpu, const Model& model, bool tiles_of_card, std::uint64_t seed)
      : model_(model),
        seed_(memory::mix64(seed)),
        tensors_(tensors_of(model)),
        segments_(segments_of(tensors_)),
        elements_(tensors_.back().offset + tensors_.back().elements()),
        launcher_(model, !gpu.emulated(), tiles_of_card),
        weights_(gpu, elements_),
        first_moments_(gpu, elements_),
        second_moments_(gpu, elements_),
        gradients_(gpu, elements_),
        as_bf16_(gpu, elements_),
        passes_(gpu, model, launcher_, parameters(), gradients_.get(), seed_),
        probes_(gpu, model, ~seed_),
        at_once_(gpu.emulated() ? 1u : kMostAtOnce),
        steps_(gpu, std::uint64_t{at_once_} * model.steps),
        probe_records_(gpu, std::uint64_t{at_once_} * kProbes),
        judge_(model, probes_.sums()) {}

  Repetitions repeat(int times) override {
    if (times < 1 || times > kMostAtOnce) throw std::invalid_argument("so many repetitions at once");
    steps_.clear();
    probe_records_.clear();
    watch_.start();
    const int done = cuda::repeatedly(times, [&](int i) { repetition(static_cast<unsigned>(i)); });
    Repetitions all;
    all.seconds = watch_.stop();
    const std::vector<StepRecord> steps = steps_.download();
    const std::vector<ProbeRecord> probes = probe_records_.download();
    for (int i = 0; i < done; ++i) {
      const auto number = static_cast<std::size_t>(i);
      judge_.judge(&steps[number * model_.steps], &probes[number * kProbes],
                   static_cast<std::uint64_t>(times / done), all);
    }
    return all;
  }

  double items() const override {
    return double{1} * launcher_.nominal().tokens() * launcher_.nominal().steps;
  }
  std::vector<Step> first() const override { return judge_.first(); }
  std::vector<std::string> names() const override { return names_of_hashes(model_); }

  std::vector<float> read(const std::string& what, const Tensor& tensor) const override {
    for (const auto& [name, array] : {std::pair{"gradient", &gradients_},
                                      {"weights", &weights_},
                                      {"first moments", &first_moments_},
                                      {"second moments", &second_moments_}}) {
      if (what == name) return cuda::download<float>(array->get() + tensor.offset, tensor.elements());
    }
    throw std::invalid_argument("no tensor is " + what);
  }

 private:
  Parameters parameters() const {
    return {weights_.get(), first_moments_.get(), second_moments_.get(), gradients_.get(), as_bf16_.get()};
  }

  void repetition(unsigned number) {
    probes_.multiply_and_check(launcher_, probe_records_.get() + number * kProbes);
    launcher_.by_words(
        Pass::make_weights, elements_ / kFloatsOfWord,
        [](auto rows) { return &make_weights<decltype(rows)>; }, parameters(), elements_ / kFloatsOfWord,
        segments_, seed_);
    cuda::in_time_of(static_cast<double>(launcher_.nominal().steps) / model_.steps, [&] {
      for (unsigned i = 0; i < model_.steps; ++i) step(i, steps_.get() + number * model_.steps + i);
    });
  }

  void step(unsigned number, StepRecord* record) {
    passes_.forward(record);
    passes_.backward(record);
    launcher_.by_words(
        Pass::optimize, elements_ / kFloatsOfWord, [](auto rows) { return &optimize<decltype(rows)>; },
        parameters(), elements_ / kFloatsOfWord, adam_of(model_, number));
    const auto words = [](const Array<float>& of) { return reinterpret_cast<const Word128*>(of.get()); };
    launcher_.hash({{words(gradients_), words(weights_), words(first_moments_), words(second_moments_)},
                    0,
                    segments_,
                    record->hash + model_.layers + 2});
  }

  Model model_;
  std::uint64_t seed_;
  std::vector<Tensor> tensors_;
  Segments segments_;
  std::uint64_t elements_;
  Launcher launcher_;
  Array<float> weights_, first_moments_, second_moments_, gradients_;
  Array<Half> as_bf16_;
  Passes passes_;
  Probes probes_;
  unsigned at_once_;
  Array<StepRecord> steps_;
  Array<ProbeRecord> probe_records_;
  Judge judge_;
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<Training> make_training(Gpu& gpu, const Model& model, bool tiles_of_card,
                                        std::uint64_t seed) {
  return std::make_unique<TrainingOnGpu>(gpu, model, tiles_of_card, seed);
}

std::uint64_t wrong_in_product(Gpu& gpu, const ProductSize& size, bool across_a, bool across_b,
                               bool tiles_of_card) {
  const WholeNumbers numbers(size, 7);
  const Array<Half> a(gpu, WholeNumbers::as_bf16(numbers.a)), b(gpu, WholeNumbers::as_bf16(numbers.b));
  const Array<float> d(gpu, std::uint64_t{size.m} * size.n);
  Product p{};
  p.a = {a.get(), {across_a ? size.m : size.k}};
  p.b = {b.get(), {across_b ? size.n : size.k}};
  p.m = size.m, p.n = size.n, p.k = size.k, p.batches = 1, p.inner_count = 1;
  p.d = d.get(), p.of_d = {size.n}, p.finish = Finish::to_float;
  if (tiles_of_card) {
    launch_product<TileOfCard>(p, across_a, across_b, work_of(kOnCard, Role::probe));
  } else {
    launch_product<SmallTile>(p, across_a, across_b, work_of(kOnCard, Role::probe));
  }
  const std::vector<float> found = d.download();
  std::uint64_t wrong = 0;
  for (unsigned row = 0; row < size.m; ++row) {
    for (unsigned column = 0; column < size.n; ++column) {
      std::int64_t due = 0;
      for (unsigned k = 0; k < size.k; ++k)
        due += numbers.of_a(row, k, across_a) * numbers.of_b(column, k, across_b);
      wrong += static_cast<double>(found[std::size_t{row} * size.n + column]) != static_cast<double>(due);
    }
  }
  return wrong;
}

}  // namespace assay::workloads::train_step::ASSAY_TARGET
