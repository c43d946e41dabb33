// A simulated node's PCI tree is that of the machine it imitates (tests/data/pci/dell-xe9680-h200.txt).
#include "harness/node_sim/simulated_sysfs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/config/paths.h"
#include "harness/node/pci_tree.h"
#include "harness/node_sim/build_state.h"

namespace assay::sim {
namespace {

struct SimulatedSysfsTest : testing::Test {
  explicit SimulatedSysfsTest(const std::string& name = "h200-8gpu") {
    config::Diagnostics diagnostics;
    const auto node = config::load_sim_node(config::resolve("sim", name), diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    NodeSetup setup{node};
    setup.kernel_log_path = "/dev/null";
    build_state(*state, setup);
  }
  int index_of(const std::string& address) const {
    for (int i = 0; i < state->gpu_count; ++i) {
      if (address == state->constants[i].pci_address) return i;
    }
    return -1;
  }

  SharedState state = SharedState::anonymous();
  SimulatedSysfs files{state};
  pci::Tree tree{files};
};

TEST_F(SimulatedSysfsTest, GpusAreNestedAsOnTheMachine) {
  EXPECT_EQ(tree.path_to("0000:19:00.0"),
            (std::vector<std::string>{"0000:15:01.0", "0000:16:00.0", "0000:17:01.0", "0000:19:00.0"}));
  EXPECT_EQ(tree.path_to("0000:db:00.0"),
            (std::vector<std::string>{"0000:d7:01.0", "0000:d8:00.0", "0000:d9:01.0", "0000:db:00.0"}));
  EXPECT_EQ(tree.slot_name("0000:19:00.0"), "28");
  EXPECT_EQ(tree.slot_name("0000:db:00.0"), "22");
  EXPECT_EQ(tree.numa_node("0000:5d:00.0"), 0);
  EXPECT_EQ(tree.numa_node("0000:9b:00.0"), 1);
  EXPECT_EQ(files.list("/sys/bus/pci/devices").size(), 36u);
}

TEST_F(SimulatedSysfsTest, EveryEndOfEveryLinkTrainsAsItShould) {
  for (int i = 0; i < state->gpu_count; ++i) {
    const auto links = tree.links_above(state->constants[i].pci_address);
    ASSERT_EQ(links.size(), 2u);
    for (const pci::Link& link : links) {
      for (const std::string& end : {link.upper, link.lower}) {
        const pci::Training training = tree.training(end);
        EXPECT_EQ(training.speed_gt_per_s, 32) << end;
        EXPECT_EQ(training.max_speed_gt_per_s, 32) << end;
        EXPECT_EQ(training.width, 16) << end;
        EXPECT_EQ(training.max_width, 16) << end;
      }
    }
  }
}

TEST_F(SimulatedSysfsTest, BothEndsOfALinkShowHowItIsTrained) {
  GpuDynamic& gpu = state->dynamic[index_of("0000:19:00.0")];
  gpu.pcie_width = 8;
  state->pci_port(2)->generation = 3;
  ASSERT_STREQ(state->pci_port(2)->address, "0000:16:00.0");
  EXPECT_EQ(tree.training("0000:19:00.0").width, 8);
  EXPECT_EQ(tree.training("0000:17:01.0").width, 8);
  EXPECT_EQ(tree.training("0000:17:01.0").max_width, 16);
  EXPECT_EQ(tree.training("0000:16:00.0").width, 16);
  EXPECT_EQ(tree.training("0000:16:00.0").speed_gt_per_s, 8);
  EXPECT_EQ(tree.training("0000:15:01.0").speed_gt_per_s, 8);
}

TEST_F(SimulatedSysfsTest, ErrorsAreEachDevicesOwn) {
  state->dynamic[index_of("0000:19:00.0")].pcie_errors.bad_dllp = 5;
  state->pci_port(3)->errors.fatal = 1;
  EXPECT_EQ(tree.errors("0000:19:00.0")->correctable.at("BadDLLP"), 5);
  EXPECT_EQ(tree.errors("0000:17:01.0")->correctable.at("BadDLLP"), 0);
  EXPECT_EQ(tree.errors("0000:17:01.0")->fatal.at("CmpltTO"), 1);
  EXPECT_EQ(tree.errors("0000:16:00.0")->fatal.at("CmpltTO"), 0);
}

TEST_F(SimulatedSysfsTest, AMissingGpuHasNoFolder) {
  state->dynamic[index_of("0000:19:00.0")].present = 0;
  EXPECT_TRUE(tree.path_to("0000:19:00.0").empty());
  EXPECT_FALSE(tree.errors("0000:19:00.0"));
  EXPECT_EQ(tree.path_to("0000:17:01.0").size(), 3u);
}

TEST_F(SimulatedSysfsTest, WhatIsNotAskedForByItsNameIsNotThere) {
  for (const char* path :
       {"/sys/bus/pci/devices", "/sys/bus/pci/devices/", "/sys/bus/pci/devices/0000:19:00.0",
        "/sys/bus/pci/devices/0000:19:00.0/", "/sys/bus/pci/devices/0000:19:00.0/uevent",
        "/sys/bus/pci/slots/28/latch", "/sys/bus/pci/slots//address", "/etc/passwd", ""}) {
    EXPECT_FALSE(files.read(path)) << path;
  }
  EXPECT_FALSE(files.resolve("/sys/bus/pci/devices/0000:fe:00.0"));
}

struct SimulatedVirtualMachine : SimulatedSysfsTest {
  SimulatedVirtualMachine() : SimulatedSysfsTest("h200-1gpu") {}
};

TEST_F(SimulatedVirtualMachine, MakesUpWhatIsAboveTheGpu) {
  const auto links = tree.links_above("0000:06:00.0");
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(tree.training(links[0].lower).speed_gt_per_s, 32);
  EXPECT_EQ(tree.training(links[0].upper).speed_gt_per_s, 16);
  EXPECT_EQ(tree.training(links[0].upper).max_width, 32);
  EXPECT_EQ(tree.slot_name("0000:06:00.0"), "");
}

}  // namespace
}  // namespace assay::sim
