#include <gtest/gtest.h>

#include <map>
#include <string>

#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

constexpr const char* kGpu = "0000:19:00.0";

struct PcieLink : CheckOnSimulatedGpu {
  PcieLink() {
    sim::set_text(state_->constants[0].pci_address, kGpu);
    sim::set_text(state_->constants[0].pci_slot, "28");
    const char* const above[] = {"0000:15:01.0", "0000:16:00.0", "0000:17:01.0"};
    for (const char* address : above) {
      sim::PciPort& port = state_->pci_ports[state_->pci_port_count++];
      sim::set_text(port.address, address);
      port.above = state_->pci_port_count - 1;
      port.towards_root = state_->pci_port_count == 2 ? 1 : 0;
      port.generation = port.max_generation = 5;
      port.width = port.max_width = 16;
    }
    state_->constants[0].pci_port = state_->pci_port_count;
  }
  void run(Collector& collector) { check("pcie.link").run(collector); }
};

TEST_F(PcieLink, AHealthyOneIsOfTheFifthGenerationAndSixteenLanesUpToTheRoot) {
  Collector collector(check("pcie.link"), state_, 1);
  run(collector);
  EXPECT_EQ(collector.values, (std::map<std::string, double>{{"generation", 5},
                                                             {"width", 16},
                                                             {"path_generation", 5},
                                                             {"path_width", 16},
                                                             {"corrected_errors", 0},
                                                             {"uncorrected_errors", 0},
                                                             {"path_corrected_errors", 0},
                                                             {"path_uncorrected_errors", 0}}));
  EXPECT_TRUE(collector.texts.empty());
  EXPECT_EQ(collector.last_progress, 1);
}

TEST_F(PcieLink, WhatItIsTrainedToCountsAndTheLinkIsNamed) {
  plant("pcie_trained_down", {{"generation", 5}, {"width", 8}, {"above", 0}});
  state_->dynamic[0].pcie_width = 8;
  Collector collector(check("pcie.link"), state_, 0);
  run(collector);
  EXPECT_EQ(collector.values.at("width"), 8);
  EXPECT_EQ(collector.values.at("path_width"), 8);
  EXPECT_EQ(collector.texts.at("culprit"),
            "the link between 0000:17:01.0 and 0000:19:00.0, firmware slot 28 runs at Gen5 x8, both of its "
            "ends can "
            "Gen5 x16");
}

TEST_F(PcieLink, ALinkAboveTheSwitchIsNotTheGpus) {
  state_->pci_port(2)->generation = 3;
  Collector collector(check("pcie.link"), state_, 0);
  run(collector);
  EXPECT_EQ(collector.values.at("generation"), 5);
  EXPECT_EQ(collector.values.at("path_generation"), 3);
  EXPECT_EQ(collector.texts.at("culprit"),
            "the link between 0000:15:01.0 and 0000:16:00.0 runs at Gen3 x16, both of its ends can Gen5 x16");
}

TEST_F(PcieLink, WhoCountsErrorsUnderLoadIsNamed) {
  plant("pcie_errors", {{"corrected", 3}, {"uncorrected", 1}, {"above", 1}});
  state_->dynamic[0].pcie_errors.bad_tlp = 14;  // before
  Collector collector(check("pcie.link"), state_, 0);
  run(collector);
  const double copies = collector.values.at("path_uncorrected_errors");
  EXPECT_GE(copies, 16);
  EXPECT_EQ(collector.values.at("path_corrected_errors"), 3 * copies);
  EXPECT_EQ(collector.values.at("corrected_errors") + collector.values.at("uncorrected_errors"), 0)
      << "the GPU's link is well";
  const std::string count = std::to_string(static_cast<int>(copies));
  EXPECT_EQ(collector.texts.at("culprit"), "0000:16:00.0 counted " +
                                               std::to_string(static_cast<int>(3 * copies)) +
                                               " BadDLLP; 0000:16:00.0 counted " + count + " CmpltTO");
}

TEST_F(PcieLink, WhereNobodyMayChooseTheMemoryAnyWillDo) {
  state_->constants[0].numa_node = 1;
  HostThatLetsNobodyChoose host(state_);
  Collector collector(check("pcie.link"), state_, 0);
  collector.host_instead = &host;
  run(collector);
  EXPECT_EQ(collector.values.at("width"), 16);
}

/// A host whose files change from read to read.
class ScriptedHost final : public OtherHost, private HostFiles {
 public:
  using OtherHost::OtherHost;
  const HostFiles& files() const override { return *this; }
  /// What a file of the GPU holds, by how often it was read; the last one for ever. Empty: it is not there.
  std::map<std::string, std::vector<std::string>> script;
  bool unresolvable = false;

 private:
  std::optional<std::string> read(const std::string& path) const override {
    const std::string name = path.substr(path.rfind('/') + 1);
    const auto scripted = path.find(kGpu) == std::string::npos ? script.end() : script.find(name);
    if (scripted == script.end()) return simulated_files().read(path);
    const std::string& content = scripted->second[std::min(reads_[name]++, scripted->second.size() - 1)];
    return content.empty() ? std::nullopt : std::optional(content);
  }
  std::optional<std::string> sha256(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> list(const std::string& folder) const override {
    return simulated_files().list(folder);
  }
  std::optional<std::string> resolve(const std::string& path) const override {
    return unresolvable ? std::nullopt : simulated_files().resolve(path);
  }

  mutable std::map<std::string, std::size_t> reads_;
};

struct ScriptedPcieLink : PcieLink {
  ScriptedPcieLink() { collector.host_instead = &host; }
  ScriptedHost host{state_};
  Collector collector{check("pcie.link"), state_, 0};
};

TEST_F(ScriptedPcieLink, OneThatRestsTrainedLowRisesWithTheLoad) {
  host.script["current_link_speed"] = {"2.5 GT/s PCIe", "2.5 GT/s PCIe", "8.0 GT/s PCIe", "32.0 GT/s PCIe"};
  run(collector);
  EXPECT_EQ(collector.values.at("generation"), 5);
  EXPECT_TRUE(collector.texts.empty());
}

TEST_F(ScriptedPcieLink, OneThatFallsUnderLoadIsWhatItFellTo) {
  std::vector<std::string> widths(14, "16");
  widths.insert(widths.end(), {"4", "16"});
  host.script["current_link_width"] = widths;
  run(collector);
  EXPECT_EQ(collector.values.at("width"), 4);
  EXPECT_EQ(collector.texts.count("culprit"), 1u);
}

TEST_F(ScriptedPcieLink, WhatCouldNotBeReadOnceIsMissing) {
  std::vector<std::string> speeds(13, "32.0 GT/s PCIe");
  speeds.insert(speeds.end(), {"", "32.0 GT/s PCIe"});
  host.script["current_link_speed"] = speeds;
  run(collector);
  EXPECT_EQ(collector.values.count("generation") + collector.values.count("path_generation"), 0u);
}

TEST_F(ScriptedPcieLink, AGpuThatDoesNotAnswerIsLost) {
  host.script["current_link_speed"] = {"Unknown"};
  host.script["current_link_width"] = {"63"};
  try {
    run(collector);
    FAIL() << "it went on";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.code(), codes::device_lost);
  }
}

TEST_F(ScriptedPcieLink, WhereNobodyCountsErrorsThereAreNotNone) {
  for (int i = 1; i <= 3; ++i) state_->pci_port(i)->address[0] = 'x';  // no port that has a folder
  state_->constants[0].pci_port = 0;
  host.script["aer_dev_correctable"] = {""};
  run(collector);
  EXPECT_EQ(collector.values.count("corrected_errors") + collector.values.count("uncorrected_errors"), 0u);
  EXPECT_EQ(collector.values.at("width"), 16) << "its own link is seen without a port above it";
  EXPECT_EQ(collector.values.count("path_width") + collector.values.count("path_corrected_errors"), 0u);
}

TEST_F(ScriptedPcieLink, CountsThatBeginAnewOrAreNotThereAnyMoreSayNothing) {
  for (const char* last : {"RxErr 2\nBadTLP 0\nTOTAL_ERR_COR 2", ""}) {
    ScriptedHost changing(state_);
    changing.script["aer_dev_correctable"] = {"RxErr 9\nBadTLP 0\nTOTAL_ERR_COR 9", last};
    Collector other(check("pcie.link"), state_, 0);
    other.host_instead = &changing;
    run(other);
    EXPECT_EQ(other.values.count("corrected_errors"), 0u) << last;
    EXPECT_EQ(other.values.at("path_corrected_errors"), 0) << last;
  }
}

/// A fatal error more is not made up for by a count that begins anew.
TEST_F(ScriptedPcieLink, KindsOfOneNameAreCountedApart) {
  host.script["aer_dev_nonfatal"] = {"CmpltTO 1", "CmpltTO 0"};
  host.script["aer_dev_fatal"] = {"CmpltTO 0", "CmpltTO 1"};
  run(collector);
  EXPECT_EQ(collector.values.count("uncorrected_errors"), 0u);
}

/// Nobody says how the GPU is nested, and its own errors cannot be read: that is not none.
TEST_F(ScriptedPcieLink, WithoutAPathAndWithoutCountsNothingIsSaidOfErrors) {
  host.unresolvable = true;
  host.script["aer_dev_fatal"] = {""};
  run(collector);
  EXPECT_EQ(collector.values.count("corrected_errors") + collector.values.count("path_corrected_errors"), 0u);
  EXPECT_EQ(collector.values.at("width"), 16);
}

}  // namespace
}  // namespace assay
