// What is made of records: where a repetition first differs is named, and what has one right value is held to
// it.
#include "kernels/workloads/train_step/judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace assay::workloads::train_step {
namespace {

constexpr Model kModel = kUnderEmulation;

class TrainStepJudge : public testing::Test {
 protected:
  TrainStepJudge() {
    const double uniform = std::log(static_cast<double>(kModel.vocabulary));
    for (unsigned step = 0; step < kModel.steps; ++step) {
      steps_[step].loss =
          static_cast<Sum>((uniform - 0.1 * step) * static_cast<double>(kUnitsOfLoss) * kModel.tokens());
      for (Sum& hash : steps_[step].hash) hash = 1000 * step + static_cast<Sum>(&hash - steps_[step].hash);
    }
  }
  Repetitions judged() {
    Repetitions all;
    judge_.judge(steps_.data(), probes_.data(), 3, all);
    return all;
  }
  unsigned number_of(const std::string& name) const {
    const std::vector<std::string> names = names_of_hashes(kModel);
    return static_cast<unsigned>(std::find(names.begin(), names.end(), name) - names.begin());
  }
  std::string first_wrong() { return judged().first_wrong.at(0).what; }

  std::vector<StepRecord> steps_ = std::vector<StepRecord>(kModel.steps);
  std::vector<ProbeRecord> probes_ = std::vector<ProbeRecord>(kProbes);
  Judge judge_{kModel, {kProbes, std::vector<Sum>(64, 7)}};
};

TEST_F(TrainStepJudge, FindsNothingWrongWithTheSame) {
  const Repetitions first = judged(), second = judged();
  EXPECT_EQ(first.wrong_values, 0u);
  EXPECT_TRUE(second.first_wrong.empty());
  EXPECT_EQ(first.by_hash, second.by_hash);
  EXPECT_EQ(first.by_hash.begin()->second, 3u);
}

TEST_F(TrainStepJudge, EveryTensorOfEveryStepIsInTheHashAndIsNamed) {
  const Repetitions first = judged();
  const std::vector<std::string> names = names_of_hashes(kModel);
  ASSERT_LE(names.size(), kMostHashes);
  for (unsigned step = 0; step < kModel.steps; ++step) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      steps_[step].hash[i] ^= 1;
      const Repetitions other = judged();
      EXPECT_NE(other.by_hash, first.by_hash) << names[i];
      EXPECT_EQ(other.wrong_values, 0u);
      EXPECT_EQ(other.first_wrong.at(0).what, "step " + std::to_string(step + 1) + ": " + names[i] +
                                                  ", the first that is not the first repetition's");
      steps_[step].hash[i] ^= 1;
    }
  }
}

TEST_F(TrainStepJudge, TheOneThatIsComputedFirstIsNamed) {
  judged();
  steps_[1].hash[number_of("output of layer 0")] ^= 1;
  steps_[0].hash[number_of("weights of head")] ^= 1;
  EXPECT_EQ(first_wrong(), "step 1: weights of head, the first that is not the first repetition's");
  steps_[0].hash[number_of("gradient of layer 0 qkv")] ^= 1;
  EXPECT_EQ(first_wrong(), "step 1: gradient of layer 0 qkv, the first that is not the first repetition's");
  steps_[0].hash[number_of("gradient of layer 1 up")] ^= 1;
  EXPECT_EQ(first_wrong(), "step 1: gradient of layer 1 up, the first that is not the first repetition's");
  steps_[0].loss += 1;
  EXPECT_EQ(first_wrong(), "step 1: loss, the first that is not the first repetition's");
  steps_[0].hash[number_of("logits")] ^= 1;
  EXPECT_EQ(first_wrong(), "step 1: logits, the first that is not the first repetition's");
}

TEST_F(TrainStepJudge, CountsWhatIsWrong) {
  judged();
  steps_[1].wrong_attention = 2;
  probes_[2] = {4, 9, 8};
  const Repetitions all = judged();
  EXPECT_EQ(all.wrong_values, 3u * (2 + 4));
  ASSERT_EQ(all.first_wrong.size(), 2u);
  EXPECT_EQ(all.first_wrong[0].what, "step 2: rows of attention that do not add up to 1");
  EXPECT_EQ(all.first_wrong[1].what, "sum of row 9 of product 3 of whole numbers");
  EXPECT_EQ(all.first_wrong[1].expected, "0000000000000007");
  EXPECT_EQ(all.first_wrong[1].actual, "0000000000000008");
}

TEST_F(TrainStepJudge, LossesBeginWhereTheyMustAndFall) {
  const auto moved = [](Sum loss, double by) {
    return loss + static_cast<Sum>(static_cast<std::int64_t>(by * static_cast<double>(kUnitsOfLoss)) *
                                   kModel.tokens());
  };
  const Sum first = steps_[0].loss, last = steps_.back().loss;
  const double most = most_of_first_loss_beside_uniform(kModel);
  steps_[0].loss = moved(first, 0.99 * most);
  EXPECT_EQ(judged().wrong_values, 0u);
  steps_[0].loss = moved(first, 2 * most);
  EXPECT_EQ(judged().wrong_values, 3u);
  steps_[0].loss = first;
  steps_.back().loss = moved(last, 0.2);
  EXPECT_EQ(judged().wrong_values, 3u);
}

}  // namespace
}  // namespace assay::workloads::train_step
