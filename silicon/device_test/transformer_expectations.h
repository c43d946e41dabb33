// What is expected of a layer, for a prompt and for the next tokens alike.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "kernels/workloads/transformer/probe.h"
#include "kernels/workloads/workload.h"
#include "silicon/device_test/device_memory.h"
#include "silicon/device_test/transformer_reference.h"

namespace assay::workloads::transformer {

using Maker = std::function<std::unique_ptr<Workload>(Gpu&, const Layer&, std::uint64_t seed)>;

inline void expect_every_step_held(const std::vector<Layer>& layers, const Maker& make) {
  for (const Layer& layer : layers) {
    memory::GpuInReach gpu;
    const auto workload = make(gpu, layer, kData);
    EXPECT_EQ(workload->repeat(1).wrong_values, 0u);
    const auto held = LeftBehind(gpu, layer).held_to_the_reference();
    EXPECT_GT(held.results, 2000u);
    EXPECT_EQ(held.missed, 0u) << held.first_missed;
    EXPECT_EQ(held.mutants_found, held.results);
  }
}

inline void expect_the_same_every_time_and_on_other_data_another(const Layer& layer, const Maker& make) {
  std::set<std::uint64_t> hashes;
  for (const std::uint64_t seed : {kData, kData, kData + 1}) {
    const auto gpu = memory::test_gpu();
    const auto workload = make(*gpu, layer, seed);
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
inline void expect_all_that_goes_in_in_the_hash(const Layer& layer, const Maker& make) {
  memory::GpuInReach gpu;
  const auto workload = make(gpu, layer, kData);
  const std::uint64_t right = workload->repeat(1).by_hash.begin()->first;
  const std::uint64_t page = layer.page(0, 0, 0) * kPerWord;
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
inline void expect_wrong_values_of_the_probe_named(const Layer& layer, const Maker& make) {
  memory::GpuInReach gpu;
  const auto workload = make(gpu, layer, kData);
  workload->repeat(1);
  const std::uint32_t tokens = layer.batch.one_each ? 1 : layer.batch.tokens;
  const auto damaged = [&](std::uint32_t element) {
    const std::uint64_t word = layer.cache_word(0, layer.shape.kv_heads, 0, element / kPerWord);
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
  const Repetitions constant = damaged(layer.shape.head_dim / 2 + 5);
  EXPECT_GE(constant.wrong_values, std::uint64_t{kEqualHeads} * tokens);
  EXPECT_LE(constant.wrong_values, std::uint64_t{kGroup} * tokens);
  ASSERT_FALSE(constant.first_wrong.empty());
  EXPECT_EQ(constant.first_wrong[0].what.substr(0, 14), "constant value");
  EXPECT_EQ(workload->repeat(1).wrong_values, 0u);
}

/// Of a constant that is off by one unit of its eight bits in all keys; and of integers, one by one.
inline void expect_the_probe_to_know_each_unit(const Layer& layer, const Maker& make) {
  memory::GpuInReach gpu;
  const auto workload = make(gpu, layer, kData);
  const std::uint32_t element = layer.shape.head_dim - 1, tokens = layer.batch.tokens;
  for (std::uint32_t sequence = 0; sequence < layer.batch.sequences(); ++sequence) {
    for (std::uint32_t key = 0; key < layer.batch.length(sequence); ++key) {
      const std::uint64_t word = layer.cache_word(sequence, layer.shape.kv_heads, key, element / kPerWord);
      gpu.flip(kValues, word * kPerWord + element % kPerWord, 2, 0);
    }
  }
  EXPECT_EQ(workload->repeat(1).wrong_values, std::uint64_t{kGroup} * tokens);
}

}  // namespace assay::workloads::transformer
