// The memory checks on a simulated GPU: what they emit when all is well, and what each planted fault does to
// it.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "harness/check.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/sim_gpu.h"
#include "harness/registry.h"

namespace assay {
namespace {

constexpr int kSlot = 1;

class JumpingClock : public Clock {
 public:
  Nanoseconds now() const override { return now_; }
  bool sleep_until(Nanoseconds deadline) override {
    now_ = deadline;
    return true;
  }
  void interrupt() override {}

 private:
  Nanoseconds now_ = 0;
};

/// Collects what a check emits, and holds it to its declaration.
class Collector : public Context {
 public:
  Collector(const Check& check, const sim::SharedState& state, double duration_s)
      : check_(check), gpu_(state, kSlot, clock_, 1), duration_s_(duration_s) {}

  const Part& part() const override { return part_; }
  const std::string& variant() const override { return variant_; }
  int devices() const override { return 1; }
  Gpu& gpu(int) override { return gpu_; }
  const Part& slot_of(int) const override { return part_; }
  void stay() override { clock_.sleep_for(stayed); }
  Ranks& ranks() override { throw std::logic_error("no ranks"); }
  Clock& clock() override { return clock_; }
  const NodeReadings& readings() const override { return readings_; }
  std::vector<SlotInventory> slots() const override { return {}; }
  std::uint64_t seed() const override { return 11; }
  double duration_s() const override { return duration_s_; }
  void measure(const std::string& name, double value, Unit unit) override {
    bool declared = false;
    for (const Measure& measure : check_.measures) declared |= measure.name == name && measure.unit == unit;
    EXPECT_TRUE(declared) << name;
    const auto [known, first] = values.emplace(name, value);
    // Findings are said at once and again with their total; nothing else is said twice.
    EXPECT_TRUE(first || (name == "bad_words" && value >= known->second)) << name << " twice";
    known->second = value;
  }
  void measure(const std::string& name, const std::string& value) override {
    EXPECT_EQ(name, kCulprit);
    culprit = value;
  }
  void measure_at(const Part&, const std::string&, double, Unit) override { FAIL(); }
  void measure_at(const Part&, const std::string&, const std::string&) override { FAIL(); }
  void evidence(const std::string& name, const nlohmann::json& content) override {
    evidences[name] = content;
  }
  void attach(const std::string&, const std::string&, const std::string&) override { FAIL(); }
  void log(const std::string&) override {}
  void progress(double fraction) override {
    EXPECT_GE(fraction, last_progress);
    EXPECT_LE(fraction, 1);
    last_progress = fraction;
  }
  void send_raw(const std::string&) override { FAIL(); }

  std::map<std::string, double> values;
  std::map<std::string, nlohmann::json> evidences;
  double last_progress = 0;
  std::string culprit;
  Nanoseconds stayed = 0;

 private:
  const Check& check_;
  std::string variant_;
  Part part_ = "gpu1";
  JumpingClock clock_;
  sim::SimGpu gpu_;
  NodeReadings readings_;
  double duration_s_;
};

class MemoryChecks : public testing::Test {
 protected:
  MemoryChecks() {
    state_->gpu_count = 1;
    state_->plant = sim::healthy_h200_plant();
    sim::GpuConstants& constants = state_->constants[0];
    constants.slot = kSlot;
    sim::make_healthy_h200(constants);
    constants.cell_words = 5003;
    state_->dynamic[0].present = 1;
    std::strncpy(state_->kernel_log_path, "/dev/null", sizeof(state_->kernel_log_path) - 1);
  }

  void plant(const char* kind, const std::map<std::string, double>& parameters) {
    sim::FaultState& fault = state_->faults[state_->fault_count++];
    std::strncpy(fault.kind, kind, sizeof(fault.kind) - 1);
    fault.slot = kSlot;
    int i = 0;
    for (const auto& [name, value] : parameters) {
      std::strncpy(fault.parameters[i].name, name.c_str(), sizeof(fault.parameters[i].name) - 1);
      fault.parameters[i++].value = value;
    }
  }

  static const Check& check(const char* name) { return *find_check(name); }

  sim::SharedState state_ = sim::SharedState::anonymous();
};

TEST_F(MemoryChecks, EmitAllTheyDeclareOnAHealthyGpu) {
  for (const char* name : {"memory.bandwidth", "memory.sweep", "memory.retention"}) {
    Collector context(check(name), state_, 2);
    check(name).run(context);
    std::size_t due = 0;
    for (const Measure& measure : check(name).measures) due += measure.name == kCulprit ? 0 : 1;
    EXPECT_EQ(context.values.size(), due) << name;
    EXPECT_EQ(context.culprit, "") << name;
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
  EXPECT_EQ(context.culprit, "bit 37 of the data path");
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
  EXPECT_EQ(context.culprit, "bit 7 of the word's address") << "a codeword has two words";
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
