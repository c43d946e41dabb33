#include "harness/run/counter_ledger.h"

#include <gmock/gmock.h>

#include "harness/testing/run_fixture.h"
#include "harness/testing/shipped_events.h"
#include "harness/testing/stages.h"

namespace assay::run {
namespace {

struct CounterLedgerTest : RunFixture {
  KernelEvent xid(int number, const std::string& address, std::int64_t position) const {
    KernelEvent event;
    event.number = number;
    event.pci_address = address;
    event.line = "NVRM: Xid " + std::to_string(number);
    event.position = position;
    return event;
  }
  /// A step on this GPU, with what these snapshots bring.
  void step_over(std::vector<telemetry::Snapshot> snapshots, const Part& gpu) {
    const std::size_t count = snapshots.size();
    SamplerClient sampler(FakeSampler(std::move(snapshots)).start(), testing_tools::shipped_events());
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

KernelEvent sxid(int nvswitch, KernelEvent::Severity severity, std::int64_t position) {
  KernelEvent event;
  event.kind = KernelEvent::Kind::nvswitch;
  event.number = 20034;
  event.nvswitch = nvswitch;
  event.link = 12;
  event.severity = severity;
  event.line = "SXid 20034";
  event.position = position;
  return event;
}

TEST_F(CounterLedgerTest, WhatANvswitchSaysIsItsOwn) {
  telemetry::Snapshot after = snapshot();
  after.events = {sxid(2, KernelEvent::Severity::fatal, 60), sxid(3, KernelEvent::Severity::non_fatal, 70)};
  step_over({snapshot(), after}, "gpu3");
  const RunRecord read = records();
  ASSERT_EQ(read.errors.size(), 1u);
  EXPECT_EQ(read.errors[0].symptom, "nvswitch.fatal");
  EXPECT_EQ(read.errors[0].part, "nvswitch2");
  ASSERT_EQ(read.warnings.size(), 1u) << "what ends nothing is shown all the same";
  EXPECT_THAT(read.warnings[0].english, testing::HasSubstr("SXid 20034 of NVSwitch 3"));
}

TEST_F(CounterLedgerTest, WhatANvswitchSaysOfALostGpuIsTheGpus) {
  telemetry::Snapshot after = snapshot();
  after.events = {xid(79, address_of("gpu3"), 50), sxid(2, KernelEvent::Severity::fatal, 60)};
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "nvswitch.fatal");
  EXPECT_EQ(records().errors[0].part, "gpu3");
}

TEST_F(CounterLedgerTest, AGpuInNoSlotIsANote) {
  telemetry::Snapshot after = snapshot();
  after.events = {xid(43, "0000:ff:00.0", 50), xid(79, "0000:ff:00.0", 51)};
  step_over({snapshot(), after}, "gpu3");
  EXPECT_TRUE(records().errors.empty());
  EXPECT_EQ(records().warnings.size(), 2u);
}

TEST_F(CounterLedgerTest, WhatFellOffTheBusWhereOneGpuIsMissingIsThatOne) {
  const std::string address = address_of("gpu6");
  for (PlannedSlot& slot : run.plan.slots) {
    if (slot.part == "gpu6") slot.pci_address.clear();
  }
  telemetry::Snapshot after = snapshot();
  after.events = {xid(79, address, 50), xid(43, address, 51)};
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "device.lost");
  EXPECT_EQ(records().errors[0].part, "gpu6");
}

TEST_F(CounterLedgerTest, MemoryOfTheHostThatFailedIsTheHosts) {
  telemetry::Snapshot after = snapshot();
  KernelEvent event;
  event.kind = KernelEvent::Kind::host_memory;
  event.line = "EDAC MC0: 1 UE memory read error on DIMM#0";
  event.severity = KernelEvent::Severity::non_fatal;
  after.events = {event};
  event.severity = KernelEvent::Severity::corrected;
  after.events.push_back(event);
  for (KernelEvent& one : after.events) one.position = 50;
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "host.hardware_error");
  EXPECT_EQ(records().errors[0].part, "host");
  EXPECT_EQ(records().warnings.size(), 1u);
}

TEST_F(CounterLedgerTest, ACardOrDriveThatFailedIsTheHostsAndAStallNobodys) {
  telemetry::Snapshot after = snapshot();
  KernelEvent event;
  event.position = 50;
  event.kind = KernelEvent::Kind::host_device;
  event.severity = KernelEvent::Severity::fatal;
  after.events = {event};
  event.severity = KernelEvent::Severity::non_fatal;
  after.events.push_back(event);
  event.kind = KernelEvent::Kind::stall;
  after.events.push_back(event);
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 2u);
  EXPECT_EQ(records().errors[0].symptom, "host.device_failed");
  EXPECT_EQ(records().errors[1].symptom, "environment.kernel_stalled");
  EXPECT_EQ(records().warnings.size(), 1u) << "a drive that its driver reset goes on";
}

TEST_F(CounterLedgerTest, TheHostIsHeardWhileAGpuIsMissing) {
  run.plan.slots[6].pci_address.clear();
  telemetry::Snapshot after = snapshot();
  KernelEvent event;
  event.kind = KernelEvent::Kind::host_memory;
  event.severity = KernelEvent::Severity::non_fatal;
  event.position = 50;
  after.events = {event};
  step_over({snapshot(), after}, "gpu3");
  ASSERT_EQ(records().errors.size(), 1u);
  EXPECT_EQ(records().errors[0].symptom, "host.hardware_error");
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
