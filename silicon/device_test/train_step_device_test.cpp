// Training in small: products, gradients against a step in double precision, AdamW, and the same bits every
// time.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/workloads/train_step/train_step.h"
#include "silicon/device_test/device_memory.h"
#include "silicon/device_test/train_step_reference.h"

namespace assay::workloads::train_step {
namespace {

constexpr std::uint64_t kSeed = 5;
/// Two heads, and sizes of which no two are alike but where they must be.
constexpr Model kTwoHeads{2, 32, 2, 4, 16, 48, 128, 1, 0};

/// The same tokens as the device's.
Tokens tokens_on_device(const Model& model) {
  return tokens_of(model, memory::mix64(kSeed));
}

std::vector<Reference::Matrix> read(const Training& training, const Model& model, const char* what) {
  std::vector<Reference::Matrix> all;
  for (const Tensor& tensor : tensors_of(model)) {
    const std::vector<float> values = training.read(what, tensor);
    all.emplace_back(values.begin(), values.end());
  }
  return all;
}

double norm_of(const Reference::Matrix& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}
/// As a share of what is due.
double distance(const Reference::Matrix& found, const Reference::Matrix& due) {
  Reference::Matrix difference(found);
  for (std::size_t i = 0; i < found.size(); ++i) difference[i] -= due[i];
  return norm_of(difference) / norm_of(due);
}

TEST(TrainStepDeviceHalf, ProductsOfWholeNumbersAreExactHoweverOperandsLie) {
  const auto gpu = memory::test_gpu();
  for (const auto& [a, b] : {std::pair{false, false}, {false, true}, {true, true}}) {
    EXPECT_EQ(wrong_in_product(*gpu, {16, 16, 16}, a, b, false), 0u);
    EXPECT_EQ(wrong_in_product(*gpu, {32, 48, 80}, a, b, false), 0u);
    EXPECT_EQ(wrong_in_product(*gpu, {256, 128, 64}, a, b, true), 0u);
  }
  EXPECT_EQ(wrong_in_product(*gpu, {256, 256, 320}, false, true, true), 0u) << "stages are used again";
}

TEST(TrainStepDeviceHalf, TheReferencesGradientsAreThoseOfItsLoss) {
  const auto gpu = memory::test_gpu();
  const auto training = make_training(*gpu, kTwoHeads, kSeed);
  training->repeat(1);
  auto weights = read(*training, kTwoHeads, "weights");
  Reference reference(kTwoHeads, tokens_on_device(kTwoHeads), Reference::Rounds::nowhere);
  reference.step(weights);
  const auto gradients = reference.gradients;
  constexpr double kApart = 1e-4;  // off by its square times the third derivative, and 1e-16 / 1e-4
  for (std::size_t tensor = 0; tensor < weights.size(); ++tensor) {
    for (const std::size_t element : {std::size_t{3}, weights[tensor].size() / 2 + 5}) {
      double& weight = weights[tensor][element];
      const double before = weight;
      weight = before + kApart;
      const double more = reference.step(weights);
      weight = before - kApart;
      const double slope = (more - reference.step(weights)) / (2 * kApart);
      weight = before;
      EXPECT_NEAR(slope, gradients[tensor][element], 1e-6) << tensor << " " << element;
    }
  }
}

/// How far from the reference, which rounds to bf16 at the same places, a gradient may be, as a share of its
/// norm. Between two roundings to bf16 there are sums of up to 128 terms in fp32, whose errors of 2^-24 each
/// come to sqrt(128) 2^-24 < 2^-20 in all. Two values that far apart are rounded to different neighbours only
/// about a boundary; of those at least 2^-8 of the value apart, so one of 2^12 values is, and differs by 2^-7
/// then: by sqrt(2^-12) 2^-7 = 2^-13 of the norm. Every rounding on the way to a gradient adds as much: of a
/// layer eleven forward (norm, qkv, P, attended, norm, hidden, activated, four weights) and nine back (x
/// twice, hidden, attended, P, q, k, v, qkv); two layers, and four of the head.
constexpr double kMostOfGradient = (2 * 20 + 4) * 0x1p-13;

TEST(TrainStepDeviceHalf, LossAndGradientsAreThoseOfAStepInDoublePrecision) {
  const auto gpu = memory::test_gpu();
  const auto training = make_training(*gpu, kTwoHeads, kSeed);
  EXPECT_EQ(training->repeat(1).wrong_values, 0u);
  Reference reference(kTwoHeads, tokens_on_device(kTwoHeads), Reference::Rounds::to_bf16);
  const double loss = reference.step(read(*training, kTwoHeads, "weights"));
  // Its own sum is exact but for 2^-24 of each of some ten operations, logits as far off as above.
  EXPECT_NEAR(training->first().front().loss, loss, 1e-4);
  auto found = read(*training, kTwoHeads, "gradient");
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string name = tensors_of(kTwoHeads)[i].name;
    EXPECT_LT(distance(found[i], reference.gradients[i]), kMostOfGradient) << name;
    for (double& value : found[i]) value *= 1 + 2 * kMostOfGradient;
    EXPECT_GT(distance(found[i], reference.gradients[i]), kMostOfGradient) << name << ", off by twice that";
  }
}

/// 2^-24 for each of some ten operations, of what the largest of them gives.
constexpr double kMostOfAdam = 10 * 0x1p-24;
/// 0.9 and 0.95 are off by 2^-25, which is 20 times as much of what they leave of 1; and four operations.
constexpr double kMostOfMoments = 14 * 0x1p-24;

double adam(double weight, double gradient, double rate) {
  // In the first step both moments' corrections leave the gradient and its square.
  return weight - rate * 0.1 * weight - rate * gradient / (std::abs(gradient) + 1e-8);
}

TEST(TrainStepDeviceHalf, WeightsChangeAsAdamWHasIt) {
  constexpr double kRate = 0x1p-5;
  Model model = kTwoHeads;
  const auto gpu = memory::test_gpu();
  const auto standing = make_training(*gpu, model, kSeed);
  standing->repeat(1);
  const auto weights = read(*standing, model, "weights"), gradients = read(*standing, model, "gradient");
  model.learning_rate = static_cast<float>(kRate);
  const auto training = make_training(*gpu, model, kSeed);
  training->repeat(1);
  const auto changed = read(*training, model, "weights"), first = read(*training, model, "first moments");
  const auto second = read(*training, model, "second moments");
  EXPECT_EQ(read(*training, model, "gradient"), gradients) << "of the weights before";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    for (std::size_t e = 0; e < weights[i].size(); ++e) {
      const double g = gradients[i][e], bound = kMostOfAdam * (std::abs(weights[i][e]) + kRate);
      ASSERT_NEAR(changed[i][e], adam(weights[i][e], g, kRate), bound) << i << " " << e;
      if (std::abs(g) > 1e-6) {
        ASSERT_GT(std::abs(changed[i][e] - adam(weights[i][e], g, kRate + 2 * bound)), bound) << "mutant";
      }
      ASSERT_NEAR(first[i][e], 0.1 * g, kMostOfMoments * 0.1 * std::abs(g));
      ASSERT_NEAR(second[i][e], 0.05 * g * g, kMostOfMoments * 0.05 * g * g);
    }
  }
}

TEST(TrainStepDeviceHalf, AHundredRepetitionsAreTheSame) {
  const auto gpu = memory::test_gpu();
  Model small = kUnderEmulation;
  small.layers = 1;
  const auto training = make_training(*gpu, small, kSeed);
  std::map<std::uint64_t, std::uint64_t> by_hash;
  for (int i = 0; i < 100; ++i) {
    const Repetitions done = training->repeat(1);
    EXPECT_EQ(done.wrong_values, 0u);
    EXPECT_TRUE(done.first_wrong.empty());
    for (const auto& [hash, count] : done.by_hash) by_hash[hash] += count;
  }
  ASSERT_EQ(by_hash.size(), 1u);
  EXPECT_EQ(by_hash.begin()->second, 100u);
  const auto other = make_training(*gpu, small, kSeed + 1);
  EXPECT_NE(other->repeat(1).by_hash.begin()->first, by_hash.begin()->first) << "other weights and tokens";
}

TEST(TrainStepDeviceHalf, LossesFallFromThatOfEvenOdds) {
  Model model = kUnderEmulation;
  model.steps = 6;
  model.learning_rate = 0x1p-7F;
  const auto gpu = memory::test_gpu();
  const auto training = make_training(*gpu, model, kSeed);
  EXPECT_EQ(training->repeat(1).wrong_values, 0u);
  const std::vector<Step> steps = training->first();
  ASSERT_EQ(steps.size(), 6u);
  for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_LT(steps[i].loss, steps[i - 1].loss);
  model.learning_rate = -0x1p-7F;
  const Repetitions worse = make_training(*gpu, model, kSeed)->repeat(1);
  ASSERT_EQ(worse.wrong_values, 1u);
  EXPECT_EQ(worse.first_wrong.front().what, "step 6: loss");
}

}  // namespace
}  // namespace assay::workloads::train_step
