#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

using testing::HasSubstr;

/// Four GPUs: 1 and 2 at one switch of socket 0, 3 and 4 each at one of its own of socket 1.
struct PcieBandwidth : CheckOnSimulatedGpu {
  PcieBandwidth() {
    state_->plant.launch_noise = 0;
    for (const int slot : {2, 3, 4}) add_gpu(slot);
    const int switches[] = {add_switch("15"), 0, add_switch("97"), add_switch("b7")};
    for (int i = 0; i < 4; ++i) {
      sim::GpuConstants& constants = state_->constants[i];
      sim::set_text(constants.pci_address, fmt::format("0000:1{}:00.0", i));
      constants.numa_node = i / 2;
      const int at = i == 1 ? 0 : i;
      constants.pci_port = add_port(fmt::format("0000:2{}:0{}.0", at, i), switches[at], false);
    }
  }
  int add_port(const std::string& address, int above, bool towards_root) {
    sim::PciPort& port = state_->pci_ports[state_->pci_port_count++];
    sim::set_text(port.address, address);
    port.above = above;
    port.towards_root = towards_root ? 1 : 0;
    port.generation = port.max_generation = 5;
    port.width = port.max_width = 16;
    return state_->pci_port_count;
  }
  /// Its port towards the root, below a root port.
  int add_switch(const std::string& bus) {
    return add_port("0000:" + bus + ":02.0", add_port("0000:" + bus + ":01.0", 0, false), true);
  }
  Collector& run() {
    check("pcie.bandwidth").run(collector());
    return collector();
  }
  Collector& collector() {
    if (!collector_) collector_.emplace(check("pcie.bandwidth"), state_, 0.0);
    return *collector_;
  }
  double value(const std::string& key) { return collector().values.at(key); }

 private:
  std::optional<Collector> collector_;
};

TEST_F(PcieBandwidth, AloneEachGpuHasItsLinkAndTogetherTheyShareWhatTheyHang) {
  run();
  for (const char* gpu : {"gpu1", "gpu2", "gpu3", "gpu4"}) {
    const std::string part = std::string(gpu) + "/pcie/";
    EXPECT_NEAR(value(part + "to_device"), 54.9, 0.1);
    EXPECT_NEAR(value(part + "to_host"), 55.0, 0.1);
    EXPECT_NEAR(value(part + "both_ways"), 109.8, 0.2);
    EXPECT_NEAR(value(part + "far_to_device"), 54.9, 0.1);
    EXPECT_EQ(value(part + "wrong_words"), 0);
  }
  EXPECT_NEAR(value("gpu1/pcie/to_device_together"), 27.45, 0.1);
  EXPECT_NEAR(value("gpu2/pcie/to_host_together"), 27.5, 0.1);
  EXPECT_NEAR(value("gpu3/pcie/to_device_together"), 54.9, 0.1);
  EXPECT_THAT(collector().texts.at("gpu1/pcie/culprit"),
              HasSubstr("it shares the link between 0000:15:01.0 and 0000:15:02.0, with gpu2"));
  EXPECT_EQ(collector().texts.count("gpu3/pcie/culprit"), 0u);
  EXPECT_EQ(collector().last_progress, 1);
}

TEST_F(PcieBandwidth, APortAtHalfItsRateSlowsThoseBelowItAndNoOthers) {
  state_->pci_port(2)->rate_lost = 0.5;
  run();
  EXPECT_NEAR(value("gpu1/pcie/to_device"), 27.45, 0.1);
  EXPECT_NEAR(value("gpu2/pcie/to_device"), 27.45, 0.1);
  EXPECT_NEAR(value("gpu1/pcie/to_device_together"), 13.7, 0.1);
  EXPECT_NEAR(value("gpu4/pcie/to_device"), 54.9, 0.1);
}

TEST_F(PcieBandwidth, MemoryOfANodeIsSharedByTheGpusThatWorkAtIt) {
  state_->host_memory_lost = 0.7;  // 73 GB/s are left of node 1's
  run();
  EXPECT_NEAR(value("node/socket0/host_memory"), 245, 1);
  EXPECT_NEAR(value("node/socket1/host_memory"), 73.5, 1);
  EXPECT_EQ(value("node/numa_nodes"), 2);
  EXPECT_NEAR(value("gpu3/pcie/to_device"), 54.9, 0.1) << "alone it has enough";
  EXPECT_NEAR(value("gpu3/pcie/to_device_together"), 36.75, 0.1);
  EXPECT_NEAR(value("node/socket1/to_devices"), 36.75, 0.1) << "its best GPU";
  EXPECT_NEAR(value("node/socket0/to_devices"), 27.45, 0.1) << "both share a port";
}

TEST_F(PcieBandwidth, TheWayBetweenTheProcessorsIsSlowForAll) {
  state_->socket_link_lost = 0.8;  // 20 GB/s are left
  run();
  EXPECT_NEAR(value("node/far_memory"), 20.2, 0.1);
  EXPECT_NEAR(value("gpu2/pcie/far_to_host"), 20.2, 0.1);
  EXPECT_NEAR(value("gpu2/pcie/to_host"), 55.0, 0.1);
}

TEST_F(PcieBandwidth, WhatArrivesWrongIsNamedWithItsDirectionAndBits) {
  plant("pcie_corrupts", {{"every", 1}, {"bit", 77}}, {}, 3);
  plant("pcie_corrupts", {{"every", 1}, {"bit", 5}, {"to_host", 1}}, {}, 4);
  run();
  EXPECT_GT(value("gpu3/pcie/wrong_words"), 20) << "one in each series of copies";
  EXPECT_THAT(collector().texts.at("gpu3/pcie/culprit"),
              testing::MatchesRegex(
                  "arrived wrong at the GPU: [0-9]+ words of 16 bytes, the first at byte 0, bits 77"));
  EXPECT_THAT(collector().texts.at("gpu4/pcie/culprit"), HasSubstr("arrived wrong in the host's memory: "));
  EXPECT_EQ(value("gpu1/pcie/wrong_words"), 0);
}

TEST_F(PcieBandwidth, WhereNobodyMayChooseTheMemoryNoRateIsSaidAndWhatArrivesIsLookedAt) {
  HostThatLetsNobodyChoose host(state_);
  collector().host_instead = &host;
  run();
  EXPECT_EQ(value("gpu1/pcie/wrong_words"), 0);
  EXPECT_EQ(collector().values.size(), 4u) << "and nothing else: the run is incomplete";
}

/// A GPU of which nobody says where it is, on a machine with two nodes.
TEST_F(PcieBandwidth, WhereNobodySaysWhatIsNearTheBestIsAndTheWorstIsFar) {
  state_->constants[3].numa_node = -1;
  state_->socket_link_lost = 0.8;
  run();
  EXPECT_NEAR(value("gpu4/pcie/to_device"), 54.9, 0.1);
  EXPECT_NEAR(value("gpu3/pcie/to_device"), 54.9, 0.1);
}

/// A GPU that falls off while others are tested.
TEST_F(PcieBandwidth, WhatArrivedWrongBeforeADeviceGaveUpStands) {
  plant("pcie_corrupts", {{"every", 1}, {"bit", 77}}, {}, 1);
  plant("device_call_fails", {}, {}, 4);
  EXPECT_THROW(run(), DeviceError);
  EXPECT_GT(value("gpu1/pcie/wrong_words"), 0);
  EXPECT_EQ(collector().values.count("gpu2/pcie/wrong_words"), 0u);
}

/// A socket whose memory is gone altogether.
class HostWithMemoryOfOneNode final : public OtherHost, private HostFiles {
 public:
  using OtherHost::OtherHost;
  const HostFiles& files() const override { return *this; }

 private:
  std::optional<std::string> read(const std::string& path) const override {
    if (path == "/sys/devices/system/node/has_memory") return "0";
    return simulated_files().read(path);
  }
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string& folder) const override {
    return simulated_files().list(folder);
  }
  std::optional<std::string> resolve(const std::string& path) const override {
    return simulated_files().resolve(path);
  }
};

TEST_F(PcieBandwidth, ANodeThatGpusAreNearToAndThatHasNoMemoryLeavesItOpenHowManyThereAre) {
  HostWithMemoryOfOneNode host(state_);
  collector().host_instead = &host;
  run();
  EXPECT_EQ(collector().values.count("node/numa_nodes"), 0u) << "the run is incomplete";
}

TEST_F(PcieBandwidth, WhereTheKernelTellsNoNodesThereIsOneMemory) {
  for (int i = 0; i < 4; ++i) state_->constants[i].numa_node = -1;
  run();
  EXPECT_EQ(value("node/numa_nodes"), 1);
  EXPECT_NEAR(value("node/socket0/host_memory"), 490, 1);
  EXPECT_EQ(value("gpu1/pcie/far_to_device"), value("gpu1/pcie/to_device"));
}

}  // namespace
}  // namespace assay
