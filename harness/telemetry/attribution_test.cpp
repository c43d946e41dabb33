#include "harness/telemetry/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kAddress = "0000:19:00.0";

NodeReadings node(std::int64_t corrected) {
  GpuReadings gpu;
  gpu.identity.pci_address = Text::of(kAddress);
  gpu.state.counters[counters::ecc_corrected_dram] = Integer::of(corrected);
  gpu.state.counters[counters::pcie_replay] = Integer::none("not_supported");
  NodeReadings readings;
  readings.gpus.push_back(gpu);
  return readings;
}

std::map<std::string, std::int64_t> counted(std::int64_t corrected) {
  return {{counters::ecc_corrected_dram, corrected}};
}

Snapshot snapshot(std::int64_t corrected) {
  Snapshot s;
  s.readings = node(corrected);
  return s;
}

auto named(const char* name) {
  return Field(&Measurement::name, name);
}

TEST(Attribution, IsTheDifferenceOverTheStepAndBelongsToTheMemory) {
  const auto telemetry = attribute("gpu0", kAddress, counted(40), snapshot(42), {});
  ASSERT_THAT(telemetry.measurements, Contains(named("ecc_corrected_dram_delta")));
  const auto& delta = telemetry.measurements[1];
  EXPECT_EQ(delta.name, "ecc_corrected_dram_delta");
  EXPECT_EQ(std::get<double>(delta.value), 2);
  EXPECT_EQ(delta.part, "gpu0/hbm");
  EXPECT_THAT(telemetry.errors, IsEmpty());
}

TEST(Attribution, ACounterThatRanBackwardsIsAnErrorAndNoDelta) {
  const auto telemetry = attribute("gpu0", kAddress, counted(40), snapshot(3), {});
  EXPECT_THAT(telemetry.measurements, Not(Contains(named("ecc_corrected_dram_delta"))));
  EXPECT_THAT(telemetry.errors, ElementsAre(Field(&Error::symptom, "harness.counter_backwards")));
}

TEST(Attribution, AReadingThatIsNotGivenIsNoZero) {
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {});
  EXPECT_THAT(telemetry.measurements, Not(Contains(named("pcie_replay_delta"))));
}

TEST(Attribution, WithoutAKernelLogThereIsNoXidCount) {
  Snapshot after = snapshot(0);
  after.kernel_log_missing = "/dev/kmsg: Permission denied";
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), after, {}).measurements,
              Not(Contains(named("xid_count"))));
}

TEST(Attribution, CountsXidsOfThisGpuOnlyAndKeepsTheLines) {
  const KernelEvent mine{KernelEvent::Kind::xid, 94, kAddress, "NVRM: Xid (PCI:0000:19:00): 94, ..."};
  const KernelEvent other{KernelEvent::Kind::xid, 79, "0000:3b:00.0", "..."};
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {mine, other});
  ASSERT_THAT(telemetry.measurements, Contains(named("xid_count")));
  EXPECT_EQ(std::get<double>(telemetry.measurements[0].value), 1);
  ASSERT_EQ(telemetry.evidence.size(), 1u);
  EXPECT_EQ(telemetry.evidence[0].content["lines"], nlohmann::json::array({mine.line}));
}

TEST(Attribution, AnXidThatFollowsOurOwnKilledWorkerIsKeptButNotCounted) {
  const KernelEvent clean_up{KernelEvent::Kind::xid, 45, kAddress, "NVRM: Xid (PCI:0000:19:00): 45, ..."};
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {clean_up});
  EXPECT_EQ(std::get<double>(telemetry.measurements[0].value), 0);
  EXPECT_EQ(telemetry.evidence.size(), 1u);
}

TEST(Attribution, ALostGpuIsItsOwnWord) {
  Snapshot after = snapshot(0);
  after.readings.gpus[0].lost = "gpu_lost";
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), after, {}).errors,
              ElementsAre(Field(&Error::symptom, "device.lost")));
  after.readings.gpus[0].lost = "timeout";
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), after, {}).errors,
              ElementsAre(Field(&Error::symptom, "device.telemetry_hung")));
}

}  // namespace
}  // namespace assay::telemetry
