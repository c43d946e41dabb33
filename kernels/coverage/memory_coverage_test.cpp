// The table that `assay coverage` prints is as good as is said of it.
#include "kernels/coverage/memory_coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "kernels/shuffled_waves.h"

namespace assay::memory {
namespace {

constexpr int kSamples = 16;
/// Of coupling faults in so small samples: without a cache, with replacement that is not the worst there can
/// be, and with the worst.
constexpr double kLeast = 0.98, kLeastWithCache = 0.95, kLeastWithWorstCache = 0.87;

/// For contrast: March C- on solid data, a word a thread, all threads of the memory in one unordered wave.
Outcome run_naive(const ModelFault& fault, bool ecc, const Draw& draw) {
  FaultyGpu gpu(fault, ecc, draw);
  cuda_emulation::FaultyMemory& memory = gpu.memory();
  RandomOrder order(mix64(draw.order));
  std::vector<Word128*> places(gpu.size());
  for (std::uint64_t i = 0; i < gpu.size(); ++i) places[i] = gpu.words() + i;
  std::uint64_t bad_words = 0;
  for (const Pass& pass : full_set(1, 0, kCoveragePageShift)) {
    const bool solid = pass.pattern.kind == PatternKind::background && is_zero(pass.pattern.bits);
    if (!solid || pass.words_of_line != kWholeLine) continue;
    for (std::uint64_t i = gpu.size() - 1; i > 0; --i) std::swap(places[i], places[order.below(i + 1)]);
    for (Word128* const word : places) {
      const Word128 expected = pattern_word<PatternKind::background>(pass.pattern, 0);
      if (pass.read && !is_zero(memory.load(word) ^ expected)) ++bad_words;
      if (pass.write) memory.store(word, pass.read ? complement(expected) : expected);
    }
    gpu.end_of_pass();
    if (by_anything(gpu.outcome(bad_words))) break;
  }
  return gpu.outcome(bad_words);
}

bool is_of_addresses(const std::string& fault) {
  return fault.rfind("address", 0) == 0;
}

TEST(MemoryCoverage, AFullSetDetectsTheFaultModels) {
  const Coverage coverage = sweep_coverage(kSamples);
  ASSERT_EQ(coverage.tables.size(), 2u);
  const CoverageTable& table = coverage.tables[1];
  ASSERT_EQ(table.columns,
            (std::vector<std::string>{"no cache", "first in", "random", "lowest", "8 sets: first in",
                                      "ECC: miscompare", "ECC: any sign"}));
  ASSERT_EQ(table.rows.size(), fault_classes(1).size());
  for (const CoverageTable::Row& row : table.rows) {
    const bool certain =
        row.fault.find("coupling") == std::string::npos && row.fault.find("neighbours") == std::string::npos;
    EXPECT_GE(row.shares[0], certain ? 1.0 : kLeast) << row.fault;
    EXPECT_GE(std::min(row.shares[1], row.shares[2]), certain ? 1.0 : kLeastWithCache) << row.fault;
    EXPECT_GE(row.shares[3], certain ? 1.0 : kLeastWithWorstCache) << row.fault;
    EXPECT_GE(row.shares[4], certain ? 1.0 : kLeast) << row.fault;
    EXPECT_GE(row.shares[6], certain ? 1.0 : kLeastWithWorstCache) << row.fault;
    if (!is_of_addresses(row.fault)) {
      EXPECT_EQ(row.shares[5], 0) << row.fault << ": ECC corrects a single bit";
    }
  }
}

TEST(MemoryCoverage, EachPatternFindsWhatItIsFor) {
  const CoverageTable table = sweep_coverage(2).tables[0];
  const auto share = [&](const char* fault, const char* pattern) {
    const auto row =
        std::find_if(table.rows.begin(), table.rows.end(),
                     [&](const CoverageTable::Row& candidate) { return candidate.fault == fault; });
    const auto column = std::find(table.columns.begin(), table.columns.end(), pattern);
    return row->shares.at(static_cast<std::size_t>(column - table.columns.begin()));
  };
  for (const char* fault : {"address: no cell", "address: alias", "address: several cells"})
    EXPECT_EQ(share(fault, "address"), 1) << fault;
  EXPECT_EQ(share("stuck-at", "march"), 1);
  EXPECT_EQ(share("stuck-at", "walking"), 1) << "every bit is once alone and once not";
  EXPECT_GT(share("idempotent coupling, next row", "march"),
            share("idempotent coupling, next row", "random"));
}

TEST(MemoryCoverage, LeaksShowInHoldsThatAreLongEnoughAndNotInTheSweep) {
  const CoverageTable table = retention_coverage(kSamples).tables.at(0);
  const auto& pass = table.rows.at(0).shares;
  EXPECT_EQ(pass.at(0), 1) << "the sweep reads in the pass after it wrote";
  const auto& ten_seconds = table.rows.at(2).shares;
  EXPECT_EQ(ten_seconds.at(0), 0);
  EXPECT_NEAR(ten_seconds.at(1), 0.5, 0.15) << "a bit has one of its states in a hold";
  EXPECT_NEAR(ten_seconds.at(2), 0.75, 0.15);
  EXPECT_GT(ten_seconds.at(4), 0.95);
  for (const double share : table.rows.at(3).shares) EXPECT_EQ(share, 0) << "longer than the hold";
}

TEST(MemoryCoverage, UnorderedNeighboursOnSolidDataHideCouplingFaults) {
  const std::vector<FaultClass> classes = fault_classes(kSamples);
  const auto faults = std::find_if(classes.begin(), classes.end(), [](const FaultClass& candidate) {
    return candidate.name == "idempotent coupling, same row";
  });
  const auto draws = draws_with_cache();
  const double naive = worst_share(*faults, run_naive, false, draws, by_miscompare);
  const Trial sweep = trial_of(full_set(1, 0, kCoveragePageShift));
  std::printf("idempotent coupling, same row: %.1f%% with a thread a word and solid data\n", 100 * naive);
  EXPECT_LT(naive, worst_share(*faults, sweep, false, draws, by_miscompare));
}

}  // namespace
}  // namespace assay::memory
