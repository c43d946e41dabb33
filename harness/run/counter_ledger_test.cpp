#include "harness/run/counter_ledger.h"

#include "harness/testing/run_fixture.h"
#include "harness/testing/stages.h"

namespace assay::run {
namespace {

struct CounterLedgerTest : RunFixture {
  telemetry::KernelEvent xid(int number, const std::string& address, std::int64_t position) const {
    telemetry::KernelEvent event;
    event.number = number;
    event.pci_address = address;
    event.line = "NVRM: Xid " + std::to_string(number);
    event.position = position;
    return event;
  }
  /// A step on this GPU, with what these snapshots bring.
  void step_over(std::vector<telemetry::Snapshot> snapshots, const Part& gpu) {
    const std::size_t count = snapshots.size();
    SamplerClient sampler(FakeSampler(std::move(snapshots)).start());
    CounterLedger counters(sampler, node, steps, run.plan, {});
    EXPECT_TRUE(counters.snapshot());
    Placement placement{gpu, {{"memory.sweep"}}, {{{gpu}}}, {}, 0, std::nullopt};
    auto open = steps.start(placement, 0, 1);
    for (std::size_t i = 1; i < count; ++i) EXPECT_TRUE(counters.snapshot());
    counters.record_strays();
    counters.attribute(open.front(), {gpu});
    steps.end(open);
  }
};

TEST_F(CounterLedgerTest, GivesAStepWhatHappenedToItsGpu) {
  telemetry::Snapshot after = snapshot();
  after.kernel_log_position = 100;
  after.events = {xid(31, address_of("gpu3"), 50), xid(31, address_of("gpu4"), 60)};
  step_over({snapshot(), after}, "gpu3");
  const RunRecord read = records();
  ASSERT_EQ(read.steps.size(), 1u);
  bool counted = false;
  for (const Measurement& m : read.steps[0].measurements) {
    if (m.name != "xid_count") continue;
    counted = true;
    EXPECT_EQ(std::get<double>(m.value), 1);
    EXPECT_EQ(m.part, "gpu3");
    EXPECT_EQ(m.source, "telemetry");
  }
  EXPECT_TRUE(counted);
  ASSERT_FALSE(read.marks.empty());
  EXPECT_EQ(read.marks.back().pci_address, address_of("gpu3"));
  EXPECT_EQ(read.marks.back().log_position, 100);
}

TEST_F(CounterLedgerTest, ALostGpuFailsItsStep) {
  telemetry::Snapshot after = snapshot();
  after.readings.gpus[3].lost = "timeout";
  step_over({snapshot(), after}, "gpu3");
  const RunRecord read = records();
  EXPECT_EQ(read.steps.at(0).status, Status::error);
  EXPECT_EQ(read.steps.at(0).errors.at(0).symptom, "device.telemetry_hung");
}

TEST_F(CounterLedgerTest, WhatBelongsToNoSlotIsTheRuns) {
  telemetry::Snapshot after = snapshot();
  after.events = {xid(79, "0000:ff:00.0", 50)};
  telemetry::KernelEvent nvswitch;
  nvswitch.kind = telemetry::KernelEvent::Kind::nvswitch;
  nvswitch.nvswitch = 2;
  nvswitch.fatal = true;
  nvswitch.line = "SXid 20034, Fatal";
  nvswitch.position = 60;
  after.events.push_back(nvswitch);
  step_over({snapshot(), after}, "gpu3");
  const RunRecord read = records();
  ASSERT_EQ(read.errors.size(), 2u);
  EXPECT_EQ(read.errors[0].symptom, "device.xid_fatal");
  EXPECT_EQ(read.errors[0].part, "node");
  EXPECT_EQ(read.errors[1].symptom, "nvswitch.fatal");
  EXPECT_EQ(read.errors[1].part, "nvswitch2");
}

TEST_F(CounterLedgerTest, WhatAnApplicationDidToAGpuInNoSlotIsANote) {
  telemetry::Snapshot after = snapshot();
  telemetry::KernelEvent foreign = xid(31, "0000:ff:00.0", 50), channel = xid(43, "0000:ff:00.0", 51);
  foreign.process = channel.process = "train.py";
  telemetry::KernelEvent nobodys = xid(31, "0000:ff:00.0", 52);
  nobodys.line = "names nobody";
  after.events = {foreign, channel, nobodys};
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "device.xid_fatal");
  EXPECT_NE(records().errors[0].message.find("names nobody"), std::string::npos);
}

TEST_F(CounterLedgerTest, EventsThatNobodyLookedAtAreSaid) {
  telemetry::Snapshot after = snapshot();
  after.events_uncounted = 7;
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "harness.telemetry_lost");
}

}  // namespace
}  // namespace assay::run
