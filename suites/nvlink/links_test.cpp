#include <gtest/gtest.h>

#include <map>
#include <string>

#include "harness/node_sim/nvlink_wiring.h"
#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

constexpr int kGpus = 8, kLinks = 18;

NvlinkReading up_link(int gpu, int link) {
  const sim::NvlinkEnd end = sim::far_end(gpu, link);
  NvlinkReading reading;
  reading.up = Integer::of(1);
  reading.mb_per_s = Integer::of(26562);
  reading.remote = Text::of(sim::nvswitch_address(end.nvswitch));
  reading.remote_link = Integer::of(end.port);
  return reading;
}

NvlinkReading down_link() {
  NvlinkReading reading;
  reading.up = Integer::of(0);
  return reading;
}

struct NvlinkLinks : CheckOnSimulatedGpu {
  NvlinkLinks() : collector(check("nvlink.links"), state_, 0) {
    state_->nvswitches = 4;
    for (int gpu = 0; gpu < kGpus; ++gpu) {
      GpuReadings readings;
      for (int link = 0; link < kLinks; ++link) readings.state.nvlinks.push_back(up_link(gpu, link));
      readings.state.fabric_state = Integer::of(3);
      readings.state.fabric_status = Integer::of(0);
      collector.node.gpus.push_back(readings);
    }
  }
  NvlinkReading& link(int gpu, int number) { return collector.node.gpus[gpu].state.nvlinks[number]; }
  void take_down(int nvswitch) {
    for (int gpu = 0; gpu < kGpus; ++gpu) {
      for (int number = 0; number < kLinks; ++number) {
        if (sim::far_end(gpu, number).nvswitch == nvswitch) link(gpu, number) = down_link();
      }
    }
  }
  void run() { check("nvlink.links").run(collector); }
  double value(const std::string& name) const { return collector.values.at(name); }
  bool says(const std::string& name) const { return collector.values.count(name) != 0; }

  Collector collector;
};

TEST_F(NvlinkLinks, OfAHealthyNodeAllAreUpAndEndAtFourSwitches) {
  run();
  EXPECT_EQ(value("node/switches"), 4);
  EXPECT_EQ(value("node/gpus_with_links"), 8);
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    const std::string slot = Part::gpu(gpu).path();
    EXPECT_EQ(value(slot + "/links_up"), 18);
    EXPECT_EQ(value(slot + "/slowest_link"), 26.562);
    EXPECT_EQ(value(slot + "/fabric_ready"), 1);
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(value(Part::nvswitch(i).path() + "/gpus_without_link"), 0);
  EXPECT_TRUE(collector.texts.empty());
}

TEST_F(NvlinkLinks, ALinkThatIsDownIsNamedWithTheSwitchThatItShouldEndAt) {
  link(2, 7) = down_link();
  run();
  EXPECT_EQ(value("gpu2/links_up"), 17);
  EXPECT_EQ(value("gpu3/links_up"), 18);
  const int nvswitch = sim::far_end(2, 7).nvswitch;
  const int each = nvswitch == 0 || nvswitch == 3 ? 4 : 5;
  EXPECT_EQ(collector.texts.at("gpu2/culprit"), "link 7 is down; to nvswitch" + std::to_string(nvswitch) +
                                                    " (" + sim::nvswitch_address(nvswitch) + ") " +
                                                    std::to_string(each - 1) + " of " + std::to_string(each) +
                                                    " are up");
}

TEST_F(NvlinkLinks, ASwitchWithoutLinksIsStillListedAndHasNoGpu) {
  take_down(3);
  run();
  EXPECT_EQ(value("node/switches"), 4) << "PCI shows it";
  EXPECT_EQ(value("nvswitch3/gpus_without_link"), 8);
  EXPECT_EQ(value("nvswitch2/gpus_without_link"), 0);
  EXPECT_EQ(value("gpu5/links_up"), 14);
}

/// As PIIX4's power management in virtual machines: a bridge of no other kind, of another maker.
class HostWithAForeignBridge final : public OtherHost, private HostFiles {
 public:
  using OtherHost::OtherHost;
  const HostFiles& files() const override { return *this; }

 private:
  static constexpr const char* kForeign = "0000:00:01.3";
  std::optional<std::string> read(const std::string& path) const override {
    if (path.find(kForeign) == std::string::npos) return simulated_files().read(path);
    return path.find("/class") != std::string::npos ? "0x068000" : "0x8086";
  }
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string& folder) const override {
    auto names = simulated_files().list(folder);
    names.insert(names.begin(), kForeign);
    return names;
  }
  std::optional<std::string> resolve(const std::string& path) const override {
    return simulated_files().resolve(path);
  }
};

TEST_F(NvlinkLinks, ABridgeOfAnotherMakerIsNoSwitch) {
  HostWithAForeignBridge host(state_);
  collector.host_instead = &host;
  run();
  EXPECT_EQ(value("node/switches"), 4);
  EXPECT_EQ(value("nvswitch0/gpus_without_link"), 0);
}

TEST_F(NvlinkLinks, ASwitchThatPciDoesNotShowEitherIsMissing) {
  take_down(3);
  state_->nvswitches = 3;
  run();
  EXPECT_EQ(value("node/switches"), 3);
}

TEST_F(NvlinkLinks, WhereNoGpuHasALinkNoneIsLookedAt) {
  for (int i = 0; i < 4; ++i) take_down(i);
  run();
  EXPECT_EQ(value("node/gpus_with_links"), 0);
  EXPECT_FALSE(says("gpu0/links_up"));
  EXPECT_FALSE(says("nvswitch0/gpus_without_link"));
}

TEST_F(NvlinkLinks, GpusThatAreGoneOrHaveNoLinkAccuseNoSwitch) {
  collector.node.gpus.resize(4);
  for (int number = 0; number < kLinks; ++number) link(3, number) = down_link();
  run();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(value(Part::nvswitch(i).path() + "/gpus_without_link"), 0);
  EXPECT_EQ(value("gpu3/links_up"), 0);
}

TEST_F(NvlinkLinks, AWayThatIsInTheMakingIsWaitedFor) {
  collector.settling_of_node = {90, 9};
  collector.node.gpus[0].state.fabric_state = Integer::of(2);
  collector.before_next_look = [&](NodeReadings& node) { node.gpus[0].state.fabric_state = Integer::of(3); };
  run();
  EXPECT_EQ(value("gpu0/fabric_ready"), 1);
}

TEST_F(NvlinkLinks, ThoseThatTrainAreWaitedForAndNoLonger) {
  collector.settling_of_node = {90, 9};
  link(4, 0) = link(4, 1) = down_link();
  int looks = 0;
  collector.before_next_look = [&](NodeReadings&) {
    ++looks;
    if (looks == 2) link(4, 0) = up_link(4, 0);
    if (looks == 3) link(4, 1) = up_link(4, 1);
  };
  const Nanoseconds start = collector.clock().now();
  run();
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(collector.clock().now() - start, 30 * kSecond);
  EXPECT_EQ(value("gpu4/links_up"), 18);
  EXPECT_TRUE(collector.texts.empty());
}

TEST_F(NvlinkLinks, ThoseThatNeverComeAreLookedAtAsOftenAsTheSkuSays) {
  collector.settling_of_node = {90, 9};
  link(4, 0) = down_link();
  int looks = 0;
  collector.before_next_look = [&](NodeReadings&) { ++looks; };
  run();
  EXPECT_EQ(looks, 9);
  EXPECT_EQ(value("gpu4/links_up"), 17);
}

TEST_F(NvlinkLinks, OneThatCannotBeAskedIsNotCountedAsDown) {
  link(1, 5).up = Integer::none("unknown_error");
  run();
  EXPECT_FALSE(says("gpu1/links_up"));
  EXPECT_EQ(value("gpu0/links_up"), 18);
}

TEST_F(NvlinkLinks, TheSlowestCountsAndOneThatDoesNotTellLeavesNone) {
  link(6, 3).mb_per_s = Integer::of(12500);
  link(7, 3).mb_per_s = Integer::none("not_supported");
  run();
  EXPECT_EQ(value("gpu6/slowest_link"), 12.5);
  EXPECT_FALSE(says("gpu7/slowest_link"));
}

TEST_F(NvlinkLinks, AVirtualMachineThatSeesNoSwitchesSaysNothingOfThem) {
  state_->nvswitches = 0;
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    for (int number = 0; number < kLinks; ++number) link(gpu, number).remote = Text::none("not_shown");
    collector.node.gpus[gpu].state.fabric_state = Integer::none("not_supported");
  }
  run();
  EXPECT_FALSE(says("node/switches"));
  EXPECT_FALSE(says("nvswitch0/gpus_without_link"));
  EXPECT_FALSE(says("gpu0/fabric_ready"));
  EXPECT_EQ(value("gpu0/links_up"), 18);
}

TEST_F(NvlinkLinks, AWayThatIsNotCompletedOrEndedInAnErrorIsNotReady) {
  collector.node.gpus[0].state.fabric_state = Integer::of(2);
  collector.node.gpus[0].state.fabric_status = Integer::none("not_completed");
  collector.node.gpus[1].state.fabric_status = Integer::of(999);
  run();
  EXPECT_EQ(value("gpu0/fabric_ready"), 0);
  EXPECT_EQ(value("gpu1/fabric_ready"), 0);
  EXPECT_EQ(value("gpu2/fabric_ready"), 1);
}

}  // namespace
}  // namespace assay
