#include "harness/telemetry/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace assay::telemetry {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kGpu0 = "0000:19:00.0";
constexpr const char* kGpu1 = "0000:4c:00.0";

KernelEvent xid(const char* address, std::int64_t position, int number = 48) {
  KernelEvent event;
  event.number = number;
  event.pci_address = address;
  event.position = position;
  event.line = "line at " + std::to_string(position);
  event.meaning = KernelEvent::Meaning::fatal;
  return event;
}

Snapshot snapshot(std::int64_t replays, std::int64_t begin, std::int64_t end,
                  std::vector<KernelEvent> events = {}) {
  Snapshot s;
  for (const char* address : {kGpu0, kGpu1}) {
    GpuReadings gpu;
    gpu.identity.pci_address = Text::of(address);
    gpu.state.counters[counters::pcie_replay] = Integer::of(replays);
    s.readings.gpus.push_back(gpu);
  }
  s.kernel_log_begin = begin;
  s.kernel_log_position = end;
  s.events = std::move(events);
  return s;
}

double replays(const Ledger::Attributed& attributed) {
  for (const Measurement& m : attributed.telemetry.measurements) {
    if (m.name == "pcie_replay_delta") return std::get<double>(m.value);
  }
  return -1;
}

TEST(Ledger, ANewRunStartsFromItsFirstSnapshot) {
  Ledger ledger;
  EXPECT_FALSE(ledger.kernel_log_position());
  ledger.add(snapshot(40, 100, 120, {xid(kGpu0, 110)}));
  EXPECT_THAT(ledger.marks(), SizeIs(2));
  EXPECT_EQ(ledger.marks()[0].log_position, 100) << "what the first snapshot brings is not attributed yet";
  ledger.add(snapshot(43, 120, 130));
  const auto seen = ledger.attribute("gpu0", kGpu0);
  EXPECT_EQ(replays(seen), 3);
  EXPECT_THAT(seen.telemetry.errors, ElementsAre(Field(&Error::symptom, "device.xid_fatal")));
  EXPECT_EQ(seen.mark.log_position, 130);
  EXPECT_EQ(seen.mark.counters.at(counters::pcie_replay), 43);
}

TEST(Ledger, LinesThatWereLostAreMissingFromTheStepsAtTheTime) {
  const auto counts_xids = [](const Ledger::Attributed& attributed) {
    const auto& all = attributed.telemetry.measurements;
    return std::any_of(all.begin(), all.end(), [](const Measurement& m) { return m.name == "xid_count"; });
  };
  Ledger ledger;
  ledger.add(snapshot(0, 0, 0));
  Snapshot overtaken = snapshot(0, 0, 90);
  overtaken.kernel_log_missing = "records were lost";
  ledger.add(overtaken);
  ledger.add(snapshot(0, 90, 95));
  EXPECT_FALSE(counts_xids(ledger.attribute("gpu0", kGpu0)));
  ledger.add(snapshot(0, 95, 99));
  EXPECT_TRUE(counts_xids(ledger.attribute("gpu0", kGpu0))) << "what came later was heard";
  EXPECT_FALSE(counts_xids(ledger.attribute("gpu1", kGpu1))) << "its step began before";
}

TEST(Ledger, EachGpuWaitsForItsOwnStep) {
  Ledger ledger;
  ledger.add(snapshot(0, 0, 0));
  ledger.add(snapshot(5, 0, 10, {xid(kGpu1, 7)}));
  EXPECT_THAT(ledger.attribute("gpu0", kGpu0).telemetry.errors, IsEmpty());
  ledger.add(snapshot(6, 10, 10));
  const auto second = ledger.attribute("gpu1", kGpu1);
  EXPECT_EQ(replays(second), 6);
  EXPECT_THAT(second.telemetry.errors, SizeIs(1));
  EXPECT_EQ(replays(ledger.attribute("gpu0", kGpu0)), 1);
}

TEST(Ledger, ARunThatGoesOnAttributesWhatHappenedMeanwhileAndNothingTwice) {
  Ledger first;
  first.add(snapshot(10, 0, 0));
  first.add(snapshot(12, 0, 50, {xid(kGpu0, 30), xid(kGpu1, 40)}));
  std::vector<CounterMark> written = first.marks();
  written.push_back(first.attribute("gpu0", kGpu0).mark);  // then it was killed

  Ledger ledger = Ledger::of_records(written);
  EXPECT_EQ(ledger.kernel_log_position(), 0) << "gpu1's events have not been attributed";
  ledger.add(snapshot(20, 0, 80, {xid(kGpu0, 30), xid(kGpu1, 40), xid(kGpu0, 70)}));
  const auto gpu0 = ledger.attribute("gpu0", kGpu0);
  EXPECT_EQ(replays(gpu0), 8);
  EXPECT_THAT(gpu0.telemetry.errors, ElementsAre(Field(&Error::message, "line at 70")));
  const auto gpu1 = ledger.attribute("gpu1", kGpu1);
  EXPECT_EQ(replays(gpu1), 10);
  EXPECT_THAT(gpu1.telemetry.errors, ElementsAre(Field(&Error::message, "line at 40")));
}

TEST(Ledger, MarksOfAnotherBootAreWorthNothing) {
  CounterMark old;
  old.pci_address = kGpu0;
  old.boot = "before the reboot";
  old.log_position = 900;
  old.counters[counters::pcie_replay] = 1000;
  Ledger ledger = Ledger::of_records({old});
  EXPECT_TRUE(ledger.lost_a_boot());
  EXPECT_EQ(ledger.kernel_log_position(), 0) << "all that the log holds was logged since";
  ledger.add(snapshot(2, 0, 60, {xid(kGpu0, 5)}));
  const auto seen = ledger.attribute("gpu0", kGpu0);
  EXPECT_EQ(replays(seen), 0);
  EXPECT_THAT(seen.telemetry.errors, SizeIs(1));
}

TEST(Ledger, AfterABootTheLogIsReadFromItsStartUntilEveryGpuHasBeenAttributed) {
  CounterMark old;
  old.pci_address = kGpu0;
  old.boot = "before the boot";
  CounterMark other = old;
  other.pci_address = kGpu1;
  Ledger first = Ledger::of_records({old, other});
  first.add(snapshot(0, 0, 500));
  const CounterMark mark = first.attribute("gpu0", kGpu0).mark;  // then it was killed again
  EXPECT_TRUE(Ledger::of_records({old, other, mark}).lost_a_boot());
  EXPECT_EQ(Ledger::of_records({old, other, mark}).kernel_log_position(), 0);
  EXPECT_EQ(Ledger::of_records({old, other, mark}).attributed().at(kGpu0), 500);
  EXPECT_EQ(Ledger::of_records({old, other, mark}).attributed().at(kGpu1), 0) << "nothing of this boot";
  const CounterMark second = first.attribute("gpu1", kGpu1).mark;
  EXPECT_FALSE(Ledger::of_records({old, other, mark, second}).lost_a_boot());
  EXPECT_EQ(Ledger::of_records({old, other, mark, second}).kernel_log_position(), 500);
}

TEST(Ledger, ARunThatSawNoGpuReadsTheLogFromItsStartWhenItGoesOn) {
  EXPECT_EQ(Ledger::of_records({}).kernel_log_position(), 0);
}

TEST(Ledger, EventsThatWereOnlyCountedAreNotForgotten) {
  Ledger ledger;
  Snapshot first = snapshot(0, 0, 0);
  first.events_uncounted = 3;
  ledger.add(first);  // as a run that goes on does before it looks again
  ledger.add(snapshot(0, 0, 10));
  EXPECT_EQ(ledger.take_uncounted(), 3);
  EXPECT_EQ(ledger.take_uncounted(), 0);
}

TEST(Ledger, StraysAreTakenOnceAndNotAgainByARunThatGoesOn) {
  Ledger ledger;
  ledger.add(snapshot(0, 0, 50, {xid("0000:3a:00.0", 30), xid(kGpu0, 40)}));
  EXPECT_THAT(ledger.take_strays({kGpu0, kGpu1}), SizeIs(1));
  EXPECT_THAT(ledger.take_strays({kGpu0, kGpu1}), IsEmpty());
  Ledger resumed = Ledger::of_records({ledger.attribute("gpu0", kGpu0).mark});
  resumed.add(snapshot(0, 0, 80, {xid("0000:3a:00.0", 30), xid("0000:3a:00.0", 70)}));
  EXPECT_THAT(resumed.take_strays({kGpu0, kGpu1}), ElementsAre(Field(&KernelEvent::position, 70)));
}

KernelEvent of_switch(const char* address, int port, std::int64_t position) {
  KernelEvent event;
  event.kind = KernelEvent::Kind::nvswitch;
  event.pci_address = address;
  event.link = port;
  event.position = position;
  return event;
}

KernelEvent fall(const char* address, std::int64_t position) {
  KernelEvent event = xid(address, position, 79);
  event.meaning = KernelEvent::Meaning::lost;
  return event;
}

TEST(Ledger, AnNvswitchThatLostAGpuSaysNoMoreThanThat) {
  constexpr const char* kSwitch = "0000:07:00.0";
  Snapshot before = snapshot(0, 0, 10);
  NvlinkReading link;
  link.up = Integer::of(1);
  link.remote = Text::of(kSwitch);
  link.remote_link = Integer::of(12);
  before.readings.gpus[1].state.nvlinks = {NvlinkReading{}, link};
  link.remote_link = Integer::of(13);
  before.readings.gpus[0].state.nvlinks = {link};
  Ledger ledger;
  ledger.add(before);
  EXPECT_FALSE(ledger.loss_behind(of_switch(kSwitch, 12, 5))) << "nothing is lost";
  ledger.add(snapshot(0, 10, 50, {fall(kGpu1, 30)}));
  const auto known = ledger.loss_behind(of_switch(kSwitch, 12, 31));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->pci_address, kGpu1);
  EXPECT_EQ(known->link, 1);
  EXPECT_FALSE(ledger.loss_behind(of_switch(kSwitch, 12, 29))) << "it was said before";
  EXPECT_FALSE(ledger.loss_behind(of_switch(kSwitch, 13, 31))) << "the port leads to another GPU";
  const auto guessed = ledger.loss_behind(of_switch(kSwitch, 60, 31));
  ASSERT_TRUE(guessed) << "one GPU alone was lost";
  EXPECT_EQ(guessed->link, -1);
  EXPECT_FALSE(ledger.loss_behind(of_switch(kSwitch, -1, 31))) << "what names no port is the switch's own";
  ledger.add(snapshot(0, 50, 60, {fall(kGpu0, 55)}));
  EXPECT_FALSE(ledger.loss_behind(of_switch(kSwitch, 60, 57))) << "which of the two, nobody knows";
}

TEST(Ledger, KnowsWhatWasLoggedBeforeTheRun) {
  Ledger first;
  EXPECT_EQ(first.run_began(), 0);
  first.add(snapshot(0, 40, 50, {xid(kGpu0, 45)}));
  std::vector<CounterMark> written = first.marks();
  written.push_back(first.attribute("gpu0", kGpu0).mark);
  EXPECT_EQ(Ledger::of_records(written).run_began(), 40);
}

TEST(Ledger, ALostGpuKeepsTheCountersItHad) {
  Ledger ledger;
  ledger.add(snapshot(7, 0, 0));
  Snapshot lost = snapshot(0, 0, 10);
  lost.readings.gpus[0].lost = "gpu_lost";
  lost.readings.gpus[0].state.counters.clear();
  ledger.add(lost);
  EXPECT_EQ(ledger.attribute("gpu0", kGpu0).mark.counters.at(counters::pcie_replay), 7);
}

}  // namespace
}  // namespace assay::telemetry
