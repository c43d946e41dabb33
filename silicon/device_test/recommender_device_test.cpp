// The recommender: nothing is found where nothing is wrong, and a bit that is flipped in a table, a look-up,
// a weight or a dense feature is.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "kernels/workloads/recommender/recommender.h"
#include "silicon/device_test/cublaslt_for_tests.h"
#include "silicon/device_test/device_memory.h"

namespace assay::workloads {
namespace {

/// Numbers of allocations.
constexpr std::size_t kTablesOf = 0, kLookUpsOf = 1, kDenseOf = 2, kWeightsOf = 9;

class RecommenderDeviceHalf : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    library_ = testing_tools::open_cublaslt(why_not);
    if (library_ == nullptr) GTEST_SKIP() << why_not;
  }
  /// Repetitions that come to the same.
  std::uint64_t hash_of(Workload& workload, std::uint64_t& wrong) {
    const Repetitions done = workload.repeat(1);
    wrong = done.wrong_values;
    EXPECT_EQ(done.by_hash.size(), 1u);
    EXPECT_EQ(done.first_wrong.empty(), wrong == 0);
    return done.by_hash.begin()->first;
  }

  std::unique_ptr<CublasLt> library_;
};

TEST_F(RecommenderDeviceHalf, FindsNothingWhereNothingIsWrongAndComesToTheSame) {
  const auto gpu = memory::test_gpu();
  const auto workload = make_recommender(*gpu, *library_, kData);
  std::set<std::uint64_t> hashes;
  for (const int times : {1, 3, 1, 1, 1}) {  // other samples are checked each time
    const Repetitions done = workload->repeat(times);
    EXPECT_EQ(done.wrong_values, 0u);
    for (const WrongValue& wrong : done.first_wrong)
      ADD_FAILURE() << wrong.what << ": " << wrong.expected << ", not " << wrong.actual;
    EXPECT_GT(done.seconds, 0);
    for (const auto& [hash, count] : done.by_hash) hashes.insert(hash);
  }
  EXPECT_EQ(hashes.size(), 1u);
}

TEST_F(RecommenderDeviceHalf, ABitOfARowThatIsLookedUpIsFoundAtOnceOrDoesNoHarm) {
  memory::GpuInReach gpu;
  const auto workload = make_recommender(gpu, *library_, kData);
  std::uint64_t wrong = 0;
  const std::uint64_t right = hash_of(*workload, wrong);
  const auto row = static_cast<std::uint32_t>(gpu.download(kLookUpsOf, 1)[0].low);
  for (int bit = 0; bit < 32; ++bit) {
    const std::uint64_t element = std::uint64_t{row} * kDimensions + static_cast<unsigned>(bit) * 3;
    gpu.flip(kTablesOf, element, sizeof(float), bit);
    const bool same = hash_of(*workload, wrong) == right;
    // A sum of rows has no room for the lowest bits of a small number, which are zeros.
    EXPECT_TRUE(wrong > 0 || (same && bit < 12)) << bit;
    gpu.flip(kTablesOf, element, sizeof(float), bit);
  }
  EXPECT_EQ(hash_of(*workload, wrong), right);
  EXPECT_EQ(wrong, 0u);
}

/// Once the sample has its turn: of one that looks up another row, the sum of all is what it was.
TEST_F(RecommenderDeviceHalf, WhatElseIsReadHasAnotherHashAndIsFoundInTurn) {
  struct {
    std::size_t allocation;
    std::uint64_t element;
    unsigned bytes;
    int bit;
  } const damages[] = {{kLookUpsOf, 0, 4, 0}, {kDenseOf, 3, 2, 15}, {kWeightsOf, 17, 2, 13}};
  for (const auto& damage : damages) {
    memory::GpuInReach gpu;
    const auto workload = make_recommender(gpu, *library_, kData);
    std::uint64_t wrong = 0, found = 0;
    const std::uint64_t right = hash_of(*workload, wrong);
    gpu.flip(damage.allocation, damage.element, damage.bytes, damage.bit);
    const unsigned turns = gpu.emulated() ? model_under_emulation(kData, 0).checked_every
                                          : model_on_card(kData, 1e12).checked_every;
    for (unsigned turn = 0; turn < turns; ++turn) {
      EXPECT_NE(hash_of(*workload, wrong), right) << damage.allocation;
      found += wrong;
    }
    EXPECT_GT(found, 0u) << damage.allocation;
  }
}

TEST_F(RecommenderDeviceHalf, TablesTakeMostOfTheMemoryThatIsOffered) {
  EXPECT_NEAR(bytes_of_tables(model_on_card(kData, 150e9)), 104.5e9, 1e8) << "of all rows";
  for (const double free : {130e9, 80e9, 20e9, 3e9}) {
    const double bytes = bytes_of_tables(model_on_card(kData, free));
    EXPECT_LE(bytes, 0.8 * free);
    EXPECT_GT(bytes, 0.39 * std::min(free, 130e9));
  }
}

/// Within each table, and all of it.
TEST_F(RecommenderDeviceHalf, LookUpsLieInTheirTables) {
  const Model model = model_on_card(kData, 150e9);
  EXPECT_EQ(model.look_ups, 214u);
  for (unsigned table = 0; table < kTables; ++table) {
    double mean = 0;
    constexpr unsigned kSamples = 2000;
    for (unsigned sample = 0; sample < kSamples; ++sample) {
      const std::uint32_t row = model.row_of(sample, model.first_look_up[table], table);
      EXPECT_GE(row, model.first_row[table]);
      EXPECT_LT(row, model.first_row[table + 1]);
      mean += (row - model.first_row[table] + 0.5) / kSamples;
    }
    EXPECT_NEAR(mean / kRowsOfTables[table], 0.5, 0.05) << table;
  }
}

}  // namespace
}  // namespace assay::workloads
