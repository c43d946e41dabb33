#include "harness/run/foreign_work.h"

#include "harness/testing/run_fixture.h"

namespace assay::run {
namespace {

struct ForeignWork : RunFixture {
  NodeReadings readings = snapshot().readings;
  GpuState& state(int gpu) { return readings.gpus.at(static_cast<std::size_t>(gpu)).state; }
  std::vector<Busy> others(const std::vector<Resident>& residents = {}) {
    return foreign_work(run.plan, readings, residents);
  }
};

TEST_F(ForeignWork, OfAnIdleNodeIsNone) {
  EXPECT_TRUE(others().empty());
  state(3).utilisation_percent = Integer::of(5);  // a display, the driver's own upkeep
  EXPECT_TRUE(others().empty());
}

TEST_F(ForeignWork, AProcessIsNamedWithItsGpu) {
  state(3).processes.value->push_back({4711, 512 << 20});
  const auto busy = others();
  ASSERT_EQ(busy.size(), 1u);
  EXPECT_EQ(busy[0].symptom, "environment.foreign_process");
  EXPECT_EQ(busy[0].part, "gpu3");
  EXPECT_EQ(busy[0].message.english, "process 4711 holds 512 MiB on gpu3");
}

TEST_F(ForeignWork, LoadWithoutAProcessAndProcessesThatCannotBeReadAreNotIdle) {
  state(1).utilisation_percent = Integer::of(40);
  state(2).processes = Reading<std::vector<ForeignProcess>>::none("no_permission");
  const auto busy = others();
  ASSERT_EQ(busy.size(), 2u);
  EXPECT_EQ(busy[0].symptom, "environment.not_idle");
  EXPECT_FALSE(busy[0].stays);
  EXPECT_EQ(busy[1].symptom, "environment.no_permission") << "it says what mends it";
  EXPECT_TRUE(busy[1].stays) << "and nobody waits for it";
}

TEST_F(ForeignWork, WhatMayBeReadAgainSoonIsWaitedFor) {
  state(2).utilisation_percent = Integer::none("not_ready");
  ASSERT_EQ(others().size(), 1u);
  EXPECT_FALSE(others()[0].stays);
}

TEST_F(ForeignWork, MemoryThatTheDriverDoesNotTellIsUnknown) {
  state(1).processes.value->push_back({4711, -1});
  ASSERT_EQ(others().size(), 1u);
  EXPECT_NE(others()[0].message.english.find("how much, the driver does not say"), std::string::npos);
}

TEST_F(ForeignWork, AGpuInNoSlotIsTheNodes) {
  readings.gpus[5].identity.pci_address = Text::of("0000:ff:00.0");
  state(5).processes.value->push_back({4711, 1 << 20});
  ASSERT_EQ(others().size(), 1u);
  EXPECT_EQ(others()[0].part, "node");
}

TEST_F(ForeignWork, ALostGpuIsAFindingOfItsOwn) {
  readings.gpus[0].lost = "gpu_lost";
  state(0).utilisation_percent = Integer::of(100);
  EXPECT_TRUE(others().empty());
}

TEST_F(ForeignWork, AResidentIsOursAndNobodyElseIs) {
  state(3).processes.value->push_back({100, 1 << 20});
  EXPECT_TRUE(others({{100, {"gpu3"}}}).empty());
  EXPECT_EQ(others({{100, {"gpu4"}}}).size(), 1u) << "it lives on another GPU";
  state(3).processes.value->push_back({4711, 1 << 20});
  const auto busy = others({{100, {"gpu3"}}});
  ASSERT_EQ(busy.size(), 1u);
  EXPECT_NE(busy[0].message.english.find("4711"), std::string::npos);
}

TEST_F(ForeignWork, AHungWorkerOfOursIsNobodyElsesFault) {
  state(3).processes.value->push_back({100, 1 << 20});
  state(3).utilisation_percent = Integer::of(100);
  Resident hung{100, {"gpu3"}};
  EXPECT_EQ(others({hung}).size(), 1u);
  hung.hung = true;
  EXPECT_TRUE(others({hung}).empty());
}

/// In a container's own process namespace the driver knows our processes by other numbers.
TEST_F(ForeignWork, AResidentUnderAnotherNumberIsOneProcessAndNoMore) {
  state(3).processes.value->push_back({90'001, 1 << 20});
  EXPECT_TRUE(others({{100, {"gpu3"}}}).empty());
  state(3).processes.value->push_back({90'002, 1 << 20});
  EXPECT_EQ(others({{100, {"gpu3"}}}).size(), 1u);
}

}  // namespace
}  // namespace assay::run
