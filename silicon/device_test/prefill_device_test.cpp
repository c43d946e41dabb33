// A layer's prefill: every step of small ones held to double precision, the same every time, and what has one
// right value found when it is damaged.
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "kernels/workloads/prefill/prefill.h"
#include "kernels/workloads/transformer/probe.h"
#include "silicon/device_test/cublaslt_for_tests.h"
#include "silicon/device_test/device_memory.h"
#include "silicon/device_test/transformer_reference.h"

namespace assay::workloads {
namespace {

class PrefillDeviceHalf : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    library_ = testing_tools::open_cublaslt(why_not);
    if (library_ == nullptr) GTEST_SKIP() << why_not;
  }
  std::unique_ptr<Prefill> made(Gpu& gpu, const Layer& layer, std::uint64_t seed = kData) {
    auto prefill = make_prefill(gpu, *library_, layer, seed);
    prefill->use(prefill->propose());
    return prefill;
  }

  std::unique_ptr<CublasLt> library_;
};

constexpr Layer kSmall = prefill({64, 1, 64, 64}, 8, 64);

TEST_F(PrefillDeviceHalf, EveryStepIsWhatDoublePrecisionSays) {
  for (const Layer& layer : {kSmall, prefill({128, 2, 64, 192}, 16, 0), prefill({64, 1, 128, 64}, 16, 64)}) {
    memory::GpuInReach gpu;
    const auto workload = made(gpu, layer);
    const Repetitions once = workload->repeat(1);
    EXPECT_EQ(once.wrong_values, 0u);
    const auto held = LeftBehind(gpu, layer).held_to_the_reference();
    EXPECT_GT(held.results, 5000u);
    EXPECT_EQ(held.missed, 0u) << held.first_missed;
    EXPECT_EQ(held.mutants_found, held.results);
  }
}

TEST_F(PrefillDeviceHalf, IsTheSameEveryTimeAndOnOtherDataAnother) {
  std::set<std::uint64_t> hashes;
  for (const std::uint64_t seed : {kData, kData, kData + 1}) {
    const auto gpu = memory::test_gpu();
    const auto workload = made(*gpu, kSmall, seed);
    const Repetitions two = workload->repeat(2), one = workload->repeat(1);
    EXPECT_GT(one.seconds, 0);
    ASSERT_EQ(two.by_hash.size(), 1u);
    EXPECT_EQ(two.by_hash.begin()->second, 2u);
    EXPECT_EQ(one.by_hash.begin()->first, two.by_hash.begin()->first);
    EXPECT_EQ(one.wrong_values + two.wrong_values, 0u);
    hashes.insert(one.by_hash.begin()->first);
  }
  EXPECT_EQ(hashes.size(), 2u);
}

/// The sign of a number: of any that goes into the layer.
TEST_F(PrefillDeviceHalf, EverythingThatGoesInIsInTheHash) {
  memory::GpuInReach gpu;
  const auto workload = made(gpu, kSmall, kData);
  const std::uint64_t right = workload->repeat(1).by_hash.begin()->first;
  const std::uint64_t page = kSmall.page(0, 0, 0) * kPerWord;
  for (const auto& [allocation, element] :
       std::vector<std::pair<std::size_t, std::uint64_t>>{{kInput, 100},
                                                          {kGains, 3},
                                                          {kGains, 64 + 3},
                                                          {kWeights, 700},
                                                          {kWeights + 1, 900},
                                                          {kWeights + 2, 77},
                                                          {kWeights + 3, 5},
                                                          {kKeys, page + 21},
                                                          {kValues, page + 33}}) {
    gpu.flip(allocation, element, 2, 15);
    const Repetitions other = workload->repeat(1);
    EXPECT_NE(other.by_hash.begin()->first, right) << allocation;
    EXPECT_EQ(other.wrong_values, 0u) << allocation;
    gpu.flip(allocation, element, 2, 15);
    EXPECT_EQ(workload->repeat(1).by_hash.begin()->first, right) << allocation;
  }
}

/// All tokens of the first sequence look at its first key.
TEST_F(PrefillDeviceHalf, AWrongValueOfTheProbeIsNamed) {
  memory::GpuInReach gpu;
  const auto workload = made(gpu, kSmall, kData);
  workload->repeat(1);
  const std::uint32_t tokens = kSmall.batch.one_each ? 1 : kSmall.batch.tokens;
  const auto damaged = [&](std::uint32_t element) {
    const std::uint64_t word = kSmall.cache_word(0, kSmall.shape.kv_heads, 0, element / kPerWord);
    gpu.flip(kValues, word * kPerWord + element % kPerWord, 2, 15);
    const Repetitions found = workload->repeat(1);
    gpu.flip(kValues, word * kPerWord + element % kPerWord, 2, 15);
    return found;
  };
  const Repetitions mean = damaged(6);
  EXPECT_EQ(mean.wrong_values, std::uint64_t{kEqualHeads} * tokens);
  ASSERT_FALSE(mean.first_wrong.empty());
  EXPECT_EQ(mean.first_wrong[0].what.substr(0, 21), "mean of equal weights");
  EXPECT_NE(mean.first_wrong[0].expected, mean.first_wrong[0].actual);
  const Repetitions constant = damaged(kSmall.shape.head_dim / 2 + 5);
  EXPECT_GE(constant.wrong_values, std::uint64_t{kEqualHeads} * tokens);
  EXPECT_LE(constant.wrong_values, std::uint64_t{kGroup} * tokens);
  ASSERT_FALSE(constant.first_wrong.empty());
  EXPECT_EQ(constant.first_wrong[0].what.substr(0, 14), "constant value");
  EXPECT_EQ(workload->repeat(1).wrong_values, 0u);
}

/// Of a constant that is off by one unit of its eight bits in all keys; and of integers, one by one.
TEST_F(PrefillDeviceHalf, TheProbeKnowsEachUnit) {
  memory::GpuInReach gpu;
  const auto workload = made(gpu, kSmall, kData);
  const std::uint32_t element = kSmall.shape.head_dim - 1, tokens = kSmall.batch.tokens;
  for (std::uint32_t sequence = 0; sequence < kSmall.batch.sequences(); ++sequence) {
    for (std::uint32_t key = 0; key < kSmall.batch.length(sequence); ++key) {
      const std::uint64_t word = kSmall.cache_word(sequence, kSmall.shape.kv_heads, key, element / kPerWord);
      gpu.flip(kValues, word * kPerWord + element % kPerWord, 2, 0);
    }
  }
  EXPECT_EQ(workload->repeat(1).wrong_values, std::uint64_t{kGroup} * tokens);
}

}  // namespace
}  // namespace assay::workloads
