#include "harness/telemetry/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/kernel_log/event_digest.h"
#include "harness/kernel_log/parse.h"
#include "harness/model/missing_reading.h"
#include "harness/testing/shipped_events.h"

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

double value_of(const StepTelemetry& telemetry, const std::string& name) {
  for (const Measurement& measurement : telemetry.measurements) {
    if (measurement.name == name) return std::get<double>(measurement.value);
  }
  ADD_FAILURE() << "no " << name;
  return -1;
}

constexpr Nanoseconds kBefore = 1000 * kSecond;

struct Slowed {
  double counted_s, sampled_s = 0;
  double samples_s = 0;  // that samples stand for
  double since_s = 100;  // since the counters were read
};

/// For heat, by the driver.
StepTelemetry slowed(const Slowed& by, Nanoseconds since = kBefore) {
  Snapshot s = snapshot(0);
  s.readings.time = kBefore + static_cast<Nanoseconds>(by.since_s * kSecond);
  s.readings.gpus[0].state.counters[counters::software_thermal_ns] =
      Integer::of(static_cast<std::int64_t>(by.counted_s * kSecond));
  s.series[kAddress].slowdowns = {{by.sampled_s}, by.samples_s};
  return attribute("gpu0", kAddress, {{counters::software_thermal_ns, 0}}, s, {}, "", since);
}

TEST(Attribution, OfWhatHeldTheClockDownBelievesTheWitnessWhoSaysMore) {
  EXPECT_EQ(value_of(slowed({3, 1, 20}), "sw_thermal_slowdown"), 3);
  EXPECT_EQ(value_of(slowed({0, 1, 20}), "sw_thermal_slowdown"), 1);
}

TEST(Attribution, HeatIsAShareOfTheStepAndNotOfTheWaitBefore) {
  EXPECT_EQ(value_of(slowed({5, 0, 20}), "sw_thermal_share"), 0.25);
  EXPECT_EQ(value_of(slowed({5}), "sw_thermal_share"), 0.05) << "nobody sampled";
  EXPECT_EQ(value_of(slowed({0.4, 0, 0.8}, 0), "sw_thermal_share"), 0.5) << "nobody knows since when";
  EXPECT_EQ(value_of(slowed({0.4, 0, 0.8, -20}), "sw_thermal_share"), 0.5) << "the clock was set back";
}

/// A violation of 0.0 s fails nobody, and a short one in a short step is none.
TEST(Attribution, AMomentOfHeatIsNoise) {
  EXPECT_EQ(value_of(slowed({0.1, 0, 0, 0.2}), "sw_thermal_share"), 0);
}

TEST(Attribution, OfWhatHeldTheClockDownOneWitnessIsEnough) {
  Snapshot s = snapshot(0);
  s.readings.gpus[0].state.counters[counters::power_brake_ns] = Integer::none("not_supported");
  EXPECT_THAT(attribute("gpu0", kAddress, {}, s, {}).measurements, Not(Contains(named("power_brake"))));
  s.series[kAddress].slowdowns = {{0, 0, 2}, 2};
  EXPECT_EQ(value_of(attribute("gpu0", kAddress, {}, s, {}), "power_brake"), 2);
}

TEST(Attribution, AReadingThatIsNotGivenIsNoZero) {
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {});
  EXPECT_THAT(telemetry.measurements, Not(Contains(named("pcie_replay_delta"))));
}

/// Lines behind the GPU's address, as the run hears of them.
std::vector<KernelEvent> logged(const std::vector<std::string>& lines) {
  kernel_log::EventDigest digest;
  for (const std::string& line : lines)
    digest.add(*kernel_log::parse_line("NVRM: Xid (PCI:0000:19:00): " + line));
  std::vector<KernelEvent> events = digest.take();
  for (KernelEvent& event : events) event = testing_tools::interpreted(event);
  return events;
}

TEST(Attribution, WhyAReadingIsMissingIsKept) {
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {}, "no log");
  const auto kept = std::find_if(telemetry.evidence.begin(), telemetry.evidence.end(),
                                 [](const Evidence& evidence) { return evidence.name == kMissingReadings; });
  ASSERT_NE(kept, telemetry.evidence.end());
  std::map<std::string, std::string> reasons;
  for (const auto& reading : kept->content.at("readings"))
    reasons[reading.at("measurement")] = reading.at("why");
  EXPECT_EQ(reasons.at("pcie_replay_delta"), "not_supported");
  EXPECT_EQ(reasons.at("xid_count"), kLogMissing);
}

TEST(Attribution, LinksWhoseErrorsTheDriverDoesNotCountAreMissingForThat) {
  Snapshot after = snapshot(0);
  NvlinkReading link;
  link.up = Integer::of(1);
  link.replays = link.recoveries = link.crc_errors = Integer::none("not_supported");
  after.readings.gpus[0].state.nvlinks = {link, link};
  const auto telemetry = attribute("gpu0", kAddress, counted(0), after, {});
  EXPECT_THAT(telemetry.measurements, Not(Contains(named("nvlinks_counted"))));
  const auto kept = std::find_if(telemetry.evidence.begin(), telemetry.evidence.end(),
                                 [](const Evidence& evidence) { return evidence.name == kMissingReadings; });
  ASSERT_NE(kept, telemetry.evidence.end());
  EXPECT_THAT(kept->content.dump(), testing::HasSubstr(R"("measurement":"nvlinks_counted")"));
}

TEST(Attribution, AGpuThatNeedsAResetIsNotLost) {
  Snapshot after = snapshot(0);
  after.readings.gpus[0].lost = "reset_required";
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), after, {}).errors,
              ElementsAre(Field(&Error::symptom, "device.needs_reset")));
}

TEST(Attribution, WithoutAKernelLogThereIsNoXidCount) {
  const char* const why = "/dev/kmsg: Permission denied";
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), snapshot(0), {}, why).measurements,
              Not(Contains(named("xid_count"))));
  // Of a log of which lines were lost, those that are left are enough to fail.
  const KernelEvent xid = logged({"94, ..."}).front();
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), snapshot(0), {xid}, why).measurements,
              Contains(named("xid_count")));
}

TEST(Attribution, CountsXidsOfThisGpuOnlyAndKeepsTheLines) {
  const KernelEvent mine = logged({"94, ..."}).front();
  KernelEvent other = mine;
  other.pci_address = "0000:3b:00.0";
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {mine, other});
  ASSERT_THAT(telemetry.measurements, Contains(named("xid_count")));
  EXPECT_EQ(std::get<double>(telemetry.measurements[0].value), 1);
  ASSERT_FALSE(telemetry.evidence.empty());
  EXPECT_EQ(telemetry.evidence[0].content["lines"], nlohmann::json::array({mine.line}));
}

TEST(Attribution, AnXidThatFollowsOurOwnKilledWorkerIsKeptButNotCounted) {
  const KernelEvent clean_up = logged({"45, ..."}).front();
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), {clean_up});
  EXPECT_EQ(std::get<double>(telemetry.measurements[0].value), 0);
  EXPECT_EQ(telemetry.evidence.at(0).name, "kernel_log");
}

double xids(const StepTelemetry& telemetry) {
  return std::get<double>(telemetry.measurements.at(0).value);
}

using Lines = std::vector<std::string>;

// As an H200's driver 580.159 logs a misaligned address and a stack overflow: the last line alone names the
// process.
const Lines kMisaligned{
    "13, Graphics SM Warp Exception on (GPC 1, TPC 4, SM 0): Misaligned Address",
    "13, Graphics Exception: ESR 0x519730=0x500000f 0x519734=0x0 0x519728=0x1f81fb60 0x51972c=0x1174",
    "13, pid=722, name=train.py, Graphics Exception: channel 0x0000000a, Class 0000cbc0, Offset 00000510"};
const Lines kStackOverflow{
    "13, Graphics SM Warp Exception on (GPC 1, TPC 4, SM 0): Out Of Range Address",
    "13, Graphics Exception: ESR 0x519730=0x300000e 0x519734=0x20 0x519728=0x1f81fb60 0x51972c=0x1174",
    "43, pid=740, name=train.py, channel 0x0000000a"};
const Lines kBadPage{
    "31, pid=628, name=train.py, channel 0x0000001e, intr 00000000. MMU Fault: ENGINE GRAPHICS"};

TEST(Attribution, WhatAnApplicationOfOthersDidIsNotTheDevices) {
  for (const Lines& lines : {kMisaligned, kStackOverflow, kBadPage}) {
    const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), logged(lines));
    EXPECT_EQ(xids(telemetry), 0);
    ASSERT_THAT(telemetry.errors, ElementsAre(Field(&Error::symptom, "environment.foreign_process")));
    EXPECT_THAT(telemetry.errors[0].message, testing::HasSubstr("(train.py) was at work on gpu0"));
    EXPECT_EQ(telemetry.evidence.at(0).content["lines"].size(), lines.size());
  }
}

TEST(Attribution, WhatOurOwnKernelsMetIsTheDevices) {
  Lines ours = kMisaligned;
  ours[2] = "13, pid=722, name=assay, Graphics Exception: channel 0x0000000a";
  const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), logged(ours));
  EXPECT_EQ(xids(telemetry), 3);
  ASSERT_THAT(telemetry.errors, ElementsAre(Field(&Error::symptom, "device.xid")));
  EXPECT_THAT(telemetry.errors[0].message, testing::StartsWith("Xid 13 (SM or graphics engine exception"));
  EXPECT_THAT(telemetry.errors[0].message, testing::EndsWith("(and 2 more)"));
}

TEST(Attribution, WhatNobodyIsNamedForIsTheDevices) {
  const Lines unnamed(kMisaligned.begin(), kMisaligned.begin() + 2);
  EXPECT_EQ(xids(attribute("gpu0", kAddress, counted(0), snapshot(0), logged(unnamed))), 2);
  // Another's exception does not take over those before ours.
  Lines both = kMisaligned;
  both[2] = "13, pid=7, name=assay, Graphics Exception: channel 0x0000000b";
  both.insert(both.end(), kMisaligned.begin(), kMisaligned.end());
  EXPECT_EQ(xids(attribute("gpu0", kAddress, counted(0), snapshot(0), logged(both))), 3);
}

TEST(Attribution, OursAreNotHiddenBehindAnothersHoweverManyItLogs) {
  Lines lines;
  for (int i = 0; i < 30; ++i) lines.insert(lines.end(), kMisaligned.begin(), kMisaligned.end());
  lines.insert(lines.end(), kMisaligned.begin(), kMisaligned.begin() + 2);  // ours, and never named
  EXPECT_EQ(xids(attribute("gpu0", kAddress, counted(0), snapshot(0), logged(lines))), 2);
}

TEST(Attribution, ALineWhoseProcessIsGoneIsNotTheNextOnes) {
  const Lines lines{"13, pid='<unknown>', name=<unknown>, Graphics SM Warp Exception on (GPC 7, TPC 7, SM 0)",
                    "43, pid=740, name=train.py, channel 0x0000000a"};
  EXPECT_EQ(xids(attribute("gpu0", kAddress, counted(0), snapshot(0), logged(lines))), 1);
}

TEST(Attribution, AFaultOfTheDeviceIsNotAnApplicationsWhoeverMetIt) {
  for (const char* line : {"94, pid=628, name=train.py, Contained: SM", "32, pid=628, name=train.py, PBDMA"})
    EXPECT_EQ(xids(attribute("gpu0", kAddress, counted(0), snapshot(0), logged({line}))), 1) << line;
  const auto fatal = logged({"79, pid=628, name=train.py, GPU has fallen off the bus."});
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), snapshot(0), fatal).errors,
              ElementsAre(Field(&Error::symptom, "device.lost")));
  const auto crashed = logged({"120, pid=628, name=train.py, GSP task panic"});
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), snapshot(0), crashed).errors,
              ElementsAre(Field(&Error::symptom, "device.xid_fatal")));
}

TEST(Attribution, TestMessagesAndRecordsAreNoFaults) {
  for (const char* line : {"106, test", "107, test", "63, Row Remapper: New row marked for remapping",
                           "154, GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)"}) {
    const auto telemetry = attribute("gpu0", kAddress, counted(0), snapshot(0), logged({line}));
    EXPECT_EQ(xids(telemetry), 0) << line;
    EXPECT_THAT(telemetry.errors, IsEmpty()) << line;
  }
}

TEST(Attribution, WhatTheDriverAsksForCounts) {
  const auto asked = logged({"154, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)"});
  EXPECT_THAT(attribute("gpu0", kAddress, counted(0), snapshot(0), asked).errors,
              ElementsAre(Field(&Error::symptom, "device.xid_fatal")));
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
