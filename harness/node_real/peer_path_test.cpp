#include "harness/node/peer_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/testing/recorded_machine.h"

namespace assay::pci {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_tools::RecordedMachine;

constexpr const char* kNearGpu = "0000:19:00.0";
constexpr std::size_t kWhole = 4096, kForAnybody = 64;

void put(std::string& config, std::size_t at, unsigned word) {
  config[at] = static_cast<char>(word & 0xff);
  config[at + 1] = static_cast<char>(word >> 8);
}

/// With capabilities in this order, the first at 0x100 and each next one 0x40 further on.
std::string config_with(const std::vector<std::pair<unsigned, unsigned>>& capabilities_and_control) {
  std::string config(kWhole, '\0');
  std::size_t at = 0x100;
  for (const auto& [number, control] : capabilities_and_control) {
    const bool last = &number == &capabilities_and_control.back().first;
    put(config, at, number);
    put(config, at + 2, 1 | static_cast<unsigned>(last ? 0 : at + 0x40) << 4);
    put(config, at + 6, control);
    at += 0x40;
  }
  return config;
}

class PeerPathTest : public testing::Test {
 protected:
  void set_config(const std::string& address, const std::string& config) const {
    machine.set("/sys/bus/pci/devices/" + address + "/config", config);
  }
  PeerPath path() const { return read_peer_path(machine.files(), kNearGpu); }

  const RecordedMachine machine{"pci/dell-xe9680-h200"};
  /// Root port, switch's upstream port, its downstream port.
  const std::vector<std::string> ports{"0000:15:01.0", "0000:16:00.0", "0000:17:01.0"};
};

TEST_F(PeerPathTest, PortsThatRedirectAreNamed) {
  // AER first; then ACS: source validation alone, request redirect, completion redirect.
  set_config(ports[0], config_with({{0x0001, 0xffff}, {0x000d, 0x0001}}));
  set_config(ports[1], config_with({{0x0001, 0}, {0x000d, 0x0004}}));
  set_config(ports[2], config_with({{0x000d, 0x0008}}));
  EXPECT_THAT(path().redirecting, ElementsAre(ports[1], ports[2]));
  EXPECT_THAT(path().unread, IsEmpty());
}

TEST_F(PeerPathTest, WhatOnlyRootMayReadIsNotSaidToBeOff) {
  for (const std::string& port : ports) set_config(port, std::string(kForAnybody, '\0'));
  EXPECT_THAT(path().redirecting, IsEmpty());
  EXPECT_THAT(path().unread, ElementsAre(ports[0], ports[1], ports[2]));
}

TEST_F(PeerPathTest, TranslationIsTheGroupsType) {
  EXPECT_FALSE(path().is_translated()) << "without an IOMMU there are no groups";
  const std::string type = std::string("/sys/bus/pci/devices/") + kNearGpu + "/iommu_group/type";
  machine.set(type, "identity");
  EXPECT_FALSE(path().is_translated());
  machine.set(type, "DMA-FQ");
  EXPECT_TRUE(path().is_translated());
}

TEST_F(PeerPathTest, AtsIsTheDevicesOwn) {
  EXPECT_FALSE(path().ats);
  set_config(kNearGpu, config_with({{0x0001, 0}, {0x000f, 0x8000}}));
  EXPECT_EQ(path().ats, true);
  set_config(kNearGpu, config_with({{0x000f, 0x0000}}));
  EXPECT_EQ(path().ats, false);
}

/// Of GPUDirect RDMA the card is who asks.
TEST_F(PeerPathTest, TheWayOfTheNetworkCardsIsReadToo) {
  const std::string card = "0000:3b:00.0", name = "/sys/class/infiniband/mlx5_0";
  std::filesystem::create_directories(machine.folder.path() / name.substr(1));
  std::filesystem::create_symlink("../../../bus/pci/devices/" + card,
                                  machine.folder.path() / name.substr(1) / "device");
  const auto real = machine.files().resolve(name + "/device");
  ASSERT_TRUE(real);
  EXPECT_EQ(read_peer_traffic(machine.files(), {kNearGpu}).in_the_way(), "");
  machine.set("/sys/bus/pci/devices/" + card + "/iommu_group/type", "DMA");
  EXPECT_EQ(read_peer_traffic(machine.files(), {kNearGpu}).in_the_way(), "the IOMMU translates for " + card);
}

TEST(ExtendedCapability, ListsThatRunInACircleOrOutOfTheSpaceEnd) {
  std::string circle = config_with({{0x0001, 0}, {0x0002, 0}});
  put(circle, 0x142, 1 | 0x100U << 4);
  EXPECT_FALSE(extended_capability(circle, 0x000d));
  std::string outside = config_with({{0x0001, 0}});
  put(outside, 0x102, 1 | 0xffcU << 4);
  EXPECT_FALSE(extended_capability(outside, 0x000d));
  EXPECT_FALSE(extended_capability("", 0x000d));
}

}  // namespace
}  // namespace assay::pci
