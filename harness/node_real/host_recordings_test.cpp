// What three machines say of themselves, and broken copies of them (tests/data/host/).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/node/host_inventory.h"
#include "harness/testing/recorded_machine.h"

namespace assay {
namespace {

using testing_tools::RecordedMachine;

HostInventory inventory_of(const RecordedMachine& machine) {
  const FileTree files = machine.files();
  return read_host_inventory(files);
}

long up_at(const HostInventory& host, double rate) {
  return std::count_if(host.ports.begin(), host.ports.end(),
                       [&](const NetworkPort& port) { return port.up() && port.rate_gbit_per_s == rate; });
}

TEST(HostRecordings, OfADell) {
  const HostInventory host = inventory_of(RecordedMachine("host/dell-xe9680-h200"));
  EXPECT_EQ(host.chassis.vendor, "Dell Inc.");
  EXPECT_EQ(host.chassis.product, "PowerEdge XE9680");
  EXPECT_EQ(host.chassis.chassis_serial, "0XAMPL1");
  EXPECT_EQ(host.chassis.bios_version, "2.4.4");
  EXPECT_EQ(host.processors.sockets, 2);
  EXPECT_EQ(host.processors.threads, 128);
  EXPECT_EQ(host.memory_mib, 2063852);
  EXPECT_EQ(up_at(host, 400), 8);
  ASSERT_EQ(host.drives.size(), 2u);
  EXPECT_EQ(host.drives[0].state, "live");
  EXPECT_NE(host.drives[0].serial.back(), ' ') << "the standard pads it";
  EXPECT_TRUE(host.memory_controllers.empty()) << "nobody counts there: not zero errors";
}

TEST(HostRecordings, OfASupermicro) {
  const HostInventory host = inventory_of(RecordedMachine("host/supermicro-821ge-h200"));
  EXPECT_EQ(host.chassis.product, "SYS-821GE-TNHR");
  EXPECT_EQ(up_at(host, 400), 8);
  EXPECT_EQ(up_at(host, 200), 1) << "a ninth device, of the front-end network";
  EXPECT_EQ(host.memory_controllers.size(), 8u);
  for (const MemoryController& controller : host.memory_controllers) EXPECT_EQ(controller.uncorrected, 0);
}

TEST(HostRecordings, OfAVirtualMachine) {
  const HostInventory host = inventory_of(RecordedMachine("host/kvm-q35-h200-vm"));
  EXPECT_EQ(host.chassis.vendor, "QEMU");
  EXPECT_EQ(host.chassis.chassis_serial, "") << "the guest has none";
  EXPECT_EQ(host.ports.size(), 8u);
}

TEST(HostRecordings, APortThatIsDownIsNamedWithItsState) {
  const RecordedMachine machine("host/supermicro-821ge-h200");
  const std::string port = "/sys/class/infiniband/mlx5_3/ports/1/";
  machine.set(port + "state", "1: DOWN");
  machine.set(port + "phys_state", "2: Polling");
  machine.set(port + "rate", "10 Gb/sec (4X SDR)");
  const HostInventory host = inventory_of(machine);
  EXPECT_EQ(up_at(host, 400), 7);
  const auto down =
      std::find_if(host.ports.begin(), host.ports.end(), [](const NetworkPort& one) { return !one.up(); });
  ASSERT_NE(down, host.ports.end());
  EXPECT_EQ(text_of(*down), "mlx5_3 port 1: DOWN, Polling");
}

TEST(HostRecordings, AControllerWithLessMemoryThanMostIsNamed) {
  const RecordedMachine machine("host/supermicro-821ge-h200");
  EXPECT_TRUE(short_controllers(inventory_of(machine).memory_controllers).empty());
  machine.set("/sys/devices/system/edac/mc/mc2/size_mb", "65536");
  const HostInventory host = inventory_of(machine);
  const auto uneven = short_controllers(host.memory_controllers);
  ASSERT_EQ(uneven.size(), 1u);
  EXPECT_EQ(uneven[0]->mib, 65536);
  machine.set("/sys/devices/system/edac/mc/mc2/size_mb", "1048576");
  const HostInventory more = inventory_of(machine);
  EXPECT_TRUE(short_controllers(more.memory_controllers).empty()) << "more than most lacks nothing";
  EXPECT_THAT(uneven[0]->name, testing::StartsWith("mc2"));
}

TEST(HostRecordings, OfTwoControllersTheOneWithLessMemoryIsNamed) {
  std::vector<MemoryController> controllers(2);
  controllers[0].name = "mc0 (F19h_M10h)";
  controllers[0].mib = 786432;
  controllers[1].name = "mc1 (F19h_M10h)";
  controllers[1].mib = 720896;
  ASSERT_EQ(short_controllers(controllers).size(), 1u);
  EXPECT_EQ(short_controllers(controllers)[0]->name, "mc1 (F19h_M10h)");
  controllers[1].mib = 786432;
  EXPECT_TRUE(short_controllers(controllers).empty());
  controllers[1].mib.reset();
  EXPECT_TRUE(short_controllers(controllers).empty()) << "nobody knows how much it has";
}

TEST(HostRecordings, ADimmIsNamedByItsLabel) {
  const RecordedMachine machine("host/supermicro-821ge-h200");
  const std::string dimm = "/sys/devices/system/edac/mc/mc1/dimm0/";
  machine.set(dimm + "dimm_label", "CPU_SrcID#0_MC#1_Chan#0_DIMM#0");
  machine.set(dimm + "size", "65536");
  machine.set(dimm + "dimm_ce_count", "3");
  const HostInventory host = inventory_of(machine);
  const MemoryController& controller = host.memory_controllers.at(1);
  const auto with_errors = std::find_if(controller.dimms.begin(), controller.dimms.end(),
                                        [](const Dimm& one) { return one.corrected == 3; });
  ASSERT_NE(with_errors, controller.dimms.end());
  EXPECT_EQ(with_errors->label, "CPU_SrcID#0_MC#1_Chan#0_DIMM#0");
}

TEST(HostRecordings, NvswitchesSayWhichFirmwareTheyHave) {
  const RecordedMachine machine("host/dell-xe9680-h200");
  const std::string folder = "/proc/driver/nvidia-nvswitch/devices/";
  machine.set(folder + "0000:05:00.0/information", "BIOS Version: 96.10.57.00.01");
  machine.set(folder + "0000:06:00.0/information", "BIOS Version: N/A");
  EXPECT_EQ(
      inventory_of(machine).nvswitch_firmware,
      (std::map<std::string, std::string>{{"0000:05:00.0", "96.10.57.00.01"}, {"0000:06:00.0", "N/A"}}));
}

TEST(HostRecordings, WhatMakersDidNotFillInIsNoSerial) {
  const RecordedMachine machine("host/dell-xe9680-h200");
  machine.set("/sys/class/dmi/id/chassis_serial", "To be filled by O.E.M.");
  EXPECT_EQ(inventory_of(machine).chassis.chassis_serial, "");
}

TEST(HostRecordings, AMachineThatSaysNothingLeavesNothing) {
  const testing_tools::ScratchFolder empty;
  const HostInventory host = read_host_inventory(FileTree(empty.path()));
  EXPECT_TRUE(host.ports.empty());
  EXPECT_FALSE(host.memory_mib);
  EXPECT_EQ(host.processors.threads, 0);
}

}  // namespace
}  // namespace assay
