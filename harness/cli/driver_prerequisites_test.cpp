#include "harness/cli/driver_prerequisites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace assay::cli {
namespace {

NodeReadings sound() {
  NodeReadings readings;
  readings.driver_version = Text::of("580.159.04");
  for (const char* address : {"0000:19:00.0", "0000:3b:00.0"}) {
    GpuReadings gpu;
    gpu.identity.pci_address = Text::of(address);
    gpu.identity.persistence_enabled = Integer::of(1);
    gpu.state.fabric_state = Integer::of(3);
    gpu.state.fabric_status = Integer::of(0);
    gpu.state.sram_threshold_exceeded = Integer::of(0);
    gpu.state.processes = Reading<std::vector<ForeignProcess>>::of({});
    readings.gpus.push_back(gpu);
  }
  return readings;
}

Prerequisite named(const std::string& name, const NodeReadings& readings) {
  for (const Prerequisite& one : prerequisites_of(readings)) {
    if (one.name.english == name) return one;
  }
  ADD_FAILURE() << "no prerequisite " << name;
  return {};
}

TEST(DriverPrerequisites, OfASoundNodeAreMet) {
  for (const Prerequisite& one : prerequisites_of(sound()))
    EXPECT_TRUE(one.met) << one.name.english << ": " << one.found.english;
}

TEST(DriverPrerequisites, AnOldDriverIsTooOld) {
  NodeReadings readings = sound();
  readings.driver_version = Text::of("550.90.07");
  EXPECT_FALSE(named("NVIDIA driver", readings).met);
}

TEST(DriverPrerequisites, AFabricThatIsNotReadyNamesFabricManager) {
  for (const auto& [state, status] : {std::pair{2, 0}, std::pair{3, 999}}) {
    NodeReadings readings = sound();
    readings.gpus[1].state.fabric_state = Integer::of(state);
    readings.gpus[1].state.fabric_status = Integer::of(status);
    const Prerequisite fabric = named("Fabric Manager", readings);
    EXPECT_FALSE(fabric.met);
    EXPECT_THAT(fabric.found.english, testing::HasSubstr("0000:3b:00.0"));
    EXPECT_THAT(fabric.mend.english, testing::HasSubstr("nvidia-fabricmanager"));
  }
}

TEST(DriverPrerequisites, AFabricThatTheDriverCallsUnhealthyIsNotReady) {
  NodeReadings readings = sound();
  readings.gpus[1].state.fabric_health = Integer::of(1);
  EXPECT_TRUE(named("Fabric Manager", readings).met);
  readings.gpus[1].state.fabric_health = Integer::of(3);
  EXPECT_FALSE(named("Fabric Manager", readings).met);
  EXPECT_THAT(named("Fabric Manager", readings).found.english,
              testing::HasSubstr("unhealthy for 0000:3b:00.0"));
}

TEST(DriverPrerequisites, GpusWithoutSwitchesNeedNoFabric) {
  NodeReadings readings = sound();
  for (GpuReadings& gpu : readings.gpus) gpu.state.fabric_state = Integer::none("not_supported");
  EXPECT_TRUE(named("Fabric Manager", readings).met);
}

TEST(DriverPrerequisites, WhatThisUserMayNotReadIsNamed) {
  NodeReadings readings = sound();
  readings.gpus[0].state.sram_threshold_exceeded = Integer::none("no_permission");
  const Prerequisite rights = named("rights", readings);
  EXPECT_FALSE(rights.met);
  EXPECT_THAT(rights.found.english, testing::HasSubstr("on-chip memory"));
  EXPECT_THAT(rights.mend.english, testing::HasSubstr("root"));
}

TEST(DriverPrerequisites, PersistenceThatIsOffWarns) {
  NodeReadings readings = sound();
  readings.gpus[0].identity.persistence_enabled = Integer::of(0);
  const Prerequisite persistence = named("persistence", readings);
  EXPECT_FALSE(persistence.met);
  EXPECT_FALSE(persistence.stops_a_run);
}

TEST(DriverPrerequisites, ALibraryThatDoesNotOpenSaysWhatMendsIt) {
  const auto mend = [](const char* why) {
    return no_driver(std::string("nvmlInit_v2: ") + why).mend.english;
  };
  EXPECT_THAT(mend("library_driver_mismatch"), testing::HasSubstr("reboot"));
  EXPECT_THAT(mend("no_permission"), testing::HasSubstr("root"));
  EXPECT_THAT(mend("driver_not_loaded"), testing::HasSubstr("modprobe nvidia"));
  EXPECT_THAT(mend("anything else"), testing::HasSubstr("install"));
}

}  // namespace
}  // namespace assay::cli
