// The memory checks on a simulated GPU: what they emit when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

using MemoryChecks = CheckOnSimulatedGpu;

TEST_F(MemoryChecks, EmitAllTheyDeclareOnAHealthyGpu) {
  for (const char* name : {"memory.bandwidth", "memory.sweep", "memory.retention"}) {
    Collector context(check(name), state_, 2);
    check(name).run(context);
    std::size_t due = 0;
    for (const Measure& measure : check(name).measures) due += measure.name == kCulprit ? 0 : 1;
    EXPECT_EQ(context.values.size(), due) << name;
    EXPECT_EQ(context.texts[kCulprit], "") << name;
    EXPECT_EQ(context.values["bad_words"], 0) << name;
    EXPECT_GE(context.clock().now(), 2 * kSecond) << name;
    EXPECT_TRUE(context.evidences.empty()) << name;
    EXPECT_GT(context.last_progress, 0.9) << name;
  }
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(MemoryChecks, BandwidthIsThePlants) {
  Collector context(check("memory.bandwidth"), state_, 2);
  check("memory.bandwidth").run(context);
  EXPECT_NEAR(context.values["read_bandwidth"], 4590, 46);
  EXPECT_NEAR(context.values["write_bandwidth"], 4500, 45);
  EXPECT_NEAR(context.values["copy_bandwidth"], 4230, 43);
  EXPECT_NEAR(context.values["triad_bandwidth"], 4310, 43);
  EXPECT_NEAR(context.values["sustained_copy_bandwidth"], 4230, 43);
}

TEST_F(MemoryChecks, BandwidthShowsSlowMemory) {
  plant("hbm_slow", {{"factor", 0.8}});
  Collector context(check("memory.bandwidth"), state_, 2);
  check("memory.bandwidth").run(context);
  EXPECT_NEAR(context.values["copy_bandwidth"], 0.8 * 4230, 35);
  EXPECT_NEAR(context.values["sustained_copy_bandwidth"], 0.8 * 4230, 35);
}

TEST_F(MemoryChecks, SweepIsOneFullSetAtLeastOverNearlyAllMemory) {
  Collector context(check("memory.sweep"), state_, 0);
  check("memory.sweep").run(context);
  EXPECT_EQ(context.values["passes"], 100);
  EXPECT_GT(context.values["coverage"], 0.99);
  EXPECT_LT(context.values["coverage"], 1);
  // What an H200 does: reports/evidence/2026-11-26-h200-2.
  EXPECT_NEAR(context.values["sweep_bandwidth"], 4071, 41);
  EXPECT_NEAR(context.values["copy_ratio"], 4071.0 / 4230, 0.01);
}

TEST_F(MemoryChecks, SweepRepeatsWholeSetsForItsDuration) {
  Collector context(check("memory.sweep"), state_, 5);  // a set takes about 3.7 s
  check("memory.sweep").run(context);
  EXPECT_EQ(context.values["passes"], 200);
}

TEST_F(MemoryChecks, SweepSeesABrokenWireAndShowsWhichBit) {
  plant("hbm_data_wire", {{"bit", 37}, {"value", 1}, {"stride", 64}});
  Collector context(check("memory.sweep"), state_, 0);
  check("memory.sweep").run(context);
  EXPECT_GT(context.values["bad_words"], 1000);
  const nlohmann::json& evidence = context.evidences.at("miscompares");
  EXPECT_EQ(evidence["bad_words_by_bit"].size(), 1u);
  EXPECT_EQ(evidence["bad_words_by_bit"]["37"], context.values["bad_words"]);
  EXPECT_EQ(evidence["words_by_flipped_bits"]["1"], context.values["bad_words"]);
  EXPECT_EQ(evidence["first"].size(), 64u);
  EXPECT_EQ(evidence["first"][0]["cause"], "bad_cell");
  EXPECT_EQ(context.texts[kCulprit], "bit 37 of the data path");
  EXPECT_EQ(state_->dynamic[0].ecc_corrected_dram, 0);
}

TEST_F(MemoryChecks, SweepProvokesAStuckCellThatOnlyTheCounterShows) {
  plant("hbm_stuck_bit", {{"bit", 77}, {"position", 0.37}, {"value", 1}});
  Collector context(check("memory.sweep"), state_, 0);
  check("memory.sweep").run(context);
  EXPECT_EQ(context.values["bad_words"], 0);
  EXPECT_GT(state_->dynamic[0].ecc_corrected_dram, 20);
}

TEST_F(MemoryChecks, RetentionHoldsForItsDurationOrAsLongAsItStays) {
  for (const double duration_s : {0.0, 30.0}) {
    Collector context(check("memory.retention"), state_, duration_s);
    context.stayed = 12 * kSecond;
    check("memory.retention").run(context);
    EXPECT_NEAR(context.values["held"], std::max(12.0, duration_s), 0.1);
    EXPECT_GT(context.values["coverage"], 0.99);
  }
}

TEST_F(MemoryChecks, RetentionSeesCellsThatLeakAndTheSweepDoesNot) {
  plant("hbm_weak_cell", {{"bit", 9}, {"position", 0.4}, {"cells", 4}, {"holds_for", 8}});
  {
    Collector sweep(check("memory.sweep"), state_, 0);
    check("memory.sweep").run(sweep);
    EXPECT_EQ(state_->dynamic[0].ecc_corrected_dram, 0);
  }
  Collector retention(check("memory.retention"), state_, 10);
  check("memory.retention").run(retention);
  EXPECT_EQ(retention.values["bad_words"], 0);
  EXPECT_EQ(state_->dynamic[0].ecc_corrected_dram, 4);
}

TEST_F(MemoryChecks, SweepNamesALineOfTheAddress) {
  plant("hbm_address_line", {{"line", 6}, {"carries", 1}});
  Collector context(check("memory.sweep"), state_, 0);
  check("memory.sweep").run(context);
  EXPECT_GT(context.values["bad_words"], 1000);
  EXPECT_EQ(context.texts[kCulprit], "bit 7 of the word's address") << "a codeword has two words";
}

TEST_F(MemoryChecks, MiscomparesSurviveTheErrorThatEndsTheSweep) {
  plant("hbm_data_wire", {{"bit", 3}, {"value", 1}});
  // Never wrong together while the word holds its own address: the first march ends the sweep.
  plant("hbm_stuck_bit", {{"bit", 62}, {"position", 0.9}, {"value", 1}});
  plant("hbm_stuck_bit", {{"bit", 63}, {"position", 0.9}, {"value", 0}});
  Collector context(check("memory.sweep"), state_, 0);
  EXPECT_THROW(check("memory.sweep").run(context), DeviceError);
  EXPECT_GT(context.values["bad_words"], 0);
  EXPECT_FALSE(context.values.count("passes"));
}

}  // namespace
}  // namespace assay
