// The PCI trees of three machines, and broken copies of them (tests/data/pci/).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/node/pci_tree.h"
#include "harness/node_real/file_tree.h"
#include "harness/testing/recorded_machine.h"

namespace assay::pci {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDell = "dell-xe9680-h200";
constexpr const char* kSupermicro = "supermicro-821ge-h200";
constexpr const char* kVirtualMachine = "kvm-q35-h200-vm";
const std::string kGpu = "0000:19:00.0";  // of the Dell, in slot 28
const std::string kPort = "0000:17:01.0";

struct Machine : testing_tools::RecordedMachine {
  explicit Machine(const std::string& name) : RecordedMachine("pci/" + name) {}

  std::string file_of(const std::string& device, const std::string& name) const {
    return folder / ("sys/bus/pci/devices/" + device + "/" + name);
  }
  void set(const std::string& device, const std::string& name, const std::string& value) const {
    std::ofstream(file_of(device, name)) << value << '\n';
  }
  void remove(const std::string& device, const std::string& name) const {
    ASSERT_TRUE(fs::remove(file_of(device, name)));
  }

  /// Devices of this class, by address.
  std::vector<std::string> devices(const std::string& of_class) const {
    std::vector<std::string> found;
    for (const std::string& address : files().list("/sys/bus/pci/devices")) {
      if (files().read("/sys/bus/pci/devices/" + address + "/class") == of_class) found.push_back(address);
    }
    return found;
  }
  std::vector<std::string> gpus() const { return devices("0x030200"); }
};

struct Recordings : testing::TestWithParam<const char*> {
  Machine machine{GetParam()};
  FileTree files = machine.files();
  Tree tree{files};
};

TEST_P(Recordings, EveryGpuTrainsAsItShould) {
  ASSERT_EQ(machine.gpus().size(), 8u);
  for (const std::string& gpu : machine.gpus()) {
    const Training training = tree.training(gpu);
    ASSERT_TRUE(training.speed_gt_per_s) << gpu;
    EXPECT_EQ(generation_of(*training.speed_gt_per_s), 5) << gpu;
    EXPECT_EQ(training.width, 16) << gpu;
    EXPECT_FALSE(training.gone) << gpu;
  }
}

TEST_P(Recordings, EveryGpusErrorsAreCountedUpToTheRoot) {
  for (const std::string& gpu : machine.gpus()) {
    ASSERT_FALSE(tree.path_to(gpu).empty()) << gpu;
    for (const std::string& device : tree.path_to(gpu)) {
      const auto errors = tree.errors(device);
      ASSERT_TRUE(errors) << device;
      EXPECT_EQ(errors->correctable.count("BadTLP"), 1u) << device;
      EXPECT_EQ(errors->fatal.count("MalfTLP"), 1u) << device;
      EXPECT_EQ(errors->nonfatal.count("TOTAL_ERR_NONFATAL"), 0u) << device;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Recordings, testing::Values(kDell, kSupermicro, kVirtualMachine));

/// Two makers: the switch above a GPU has one link to it and one to the processor, and both are of 32 GT/s.
struct BareMetal : Recordings {};

TEST_P(BareMetal, AGpuHasTwoLinksBetweenItAndTheRoot) {
  for (const std::string& gpu : machine.gpus()) {
    ASSERT_EQ(tree.path_to(gpu).size(), 4u) << gpu;
    const std::vector<Link> links = tree.links_above(gpu);
    ASSERT_EQ(links.size(), 2u) << gpu;
    EXPECT_EQ(links[0].lower, gpu);
    EXPECT_EQ(links[1].upper, tree.path_to(gpu).front());
    for (const Link& link : links) {
      for (const std::string& end : {link.upper, link.lower}) {
        EXPECT_EQ(tree.training(end).speed_gt_per_s, 32) << end;
        EXPECT_EQ(tree.training(end).width, 16) << end;
      }
    }
  }
}

TEST_P(BareMetal, FourGpusAreNearEitherProcessor) {
  int near[2] = {0, 0};
  for (const std::string& gpu : machine.gpus()) ++near[tree.numa_node(gpu)];
  EXPECT_EQ(near[0], 4);
  EXPECT_EQ(near[1], 4);
}

/// By design, and no GPU's business.
TEST_P(BareMetal, NvswitchesHaveTwoLanesOfTheFourthGeneration) {
  const auto switches = machine.devices("0x068000");
  ASSERT_EQ(switches.size(), 4u);
  for (const std::string& one : switches) {
    EXPECT_EQ(tree.training(one).width, 2) << one;
    EXPECT_EQ(tree.training(one).speed_gt_per_s, 16) << one;
  }
  for (const std::string& gpu : machine.gpus()) {
    const auto path = tree.path_to(gpu);
    for (const std::string& one : switches)
      EXPECT_EQ(std::count(path.begin(), path.end(), tree.path_to(one).front()), 0) << gpu;
  }
}

INSTANTIATE_TEST_SUITE_P(TwoMakers, BareMetal, testing::Values(kDell, kSupermicro));

TEST(PciRecordings, SlotsAreNamedByThePortOrByTheEndpoint) {
  const Machine dell(kDell);
  const FileTree files = dell.files();
  EXPECT_EQ(Tree(files).slot_name(kGpu), "28");             // 0000:17:01 is the port
  EXPECT_EQ(Tree(files).slot_name("0000:18:00.0"), "167");  // the drive itself
  EXPECT_EQ(Tree(files).slot_name("0000:fe:00.0"), "");
}

TEST(PciRecordings, WhereFirmwareNamesNoSlotsThereIsNoName) {
  const Machine supermicro(kSupermicro);
  const FileTree files = supermicro.files();
  for (const std::string& gpu : supermicro.gpus()) EXPECT_EQ(Tree(files).slot_name(gpu), "") << gpu;
}

/// What it shows above a GPU is made up: slower than the GPU, and wider.
TEST(PciRecordings, AVirtualMachinesPortsAreNotWhatTheGpusAre) {
  const Machine vm(kVirtualMachine);
  const FileTree files = vm.files();
  const Tree tree(files);
  for (const std::string& gpu : vm.gpus()) {
    ASSERT_EQ(tree.links_above(gpu).size(), 1u) << gpu;
    const Training port = tree.training(tree.links_above(gpu)[0].upper);
    EXPECT_EQ(port.speed_gt_per_s, 16) << gpu;
    EXPECT_EQ(port.max_width, 32) << gpu;
    EXPECT_EQ(tree.numa_node(gpu), -1) << gpu;
  }
}

struct BrokenCopy : testing::Test {
  Machine dell{kDell};
  FileTree files = dell.files();
  Tree tree{files};
};

TEST_F(BrokenCopy, ALinkOfFewerLanesIsSeenByWhatItIsNotByWhatItCan) {
  dell.set(kGpu, "current_link_width", "8");
  dell.set(kGpu, "current_link_speed", "2.5 GT/s PCIe");
  const Training training = tree.training(kGpu);
  EXPECT_EQ(training.width, 8);
  EXPECT_EQ(training.max_width, 16);
  EXPECT_EQ(generation_of(*training.speed_gt_per_s), 1);
}

TEST_F(BrokenCopy, WhatCannotBeReadIsNotThere) {
  EXPECT_FALSE(files.read("/sys/bus/pci/devices/" + kGpu)) << "a folder";
}

TEST_F(BrokenCopy, OldKernelsWriteSpeedsWithoutAPoint) {
  dell.set(kGpu, "current_link_speed", "16 GT/s");
  EXPECT_EQ(tree.training(kGpu).speed_gt_per_s, 16);
  dell.set(kGpu, "current_link_speed", "Unknown speed");
  EXPECT_FALSE(tree.training(kGpu).speed_gt_per_s);
  EXPECT_FALSE(tree.training(kGpu).gone) << "its width is still there";
}

TEST_F(BrokenCopy, AGpuThatFellOffReadsAllOnes) {
  dell.set(kGpu, "current_link_speed", "Unknown");
  dell.set(kGpu, "current_link_width", "63");
  const Training training = tree.training(kGpu);
  EXPECT_TRUE(training.gone);
  EXPECT_FALSE(training.speed_gt_per_s);
  EXPECT_FALSE(training.width) << "63 lanes are none";
}

TEST_F(BrokenCopy, WhatIsNotThereIsNotMadeUp) {
  for (const char* file : {"current_link_speed", "current_link_width", "aer_dev_fatal", "numa_node"})
    dell.remove(kGpu, file);
  const Training training = tree.training(kGpu);
  EXPECT_FALSE(training.speed_gt_per_s);
  EXPECT_FALSE(training.width);
  EXPECT_FALSE(training.gone);
  EXPECT_FALSE(tree.errors(kGpu));
  EXPECT_EQ(tree.numa_node(kGpu), -1);
  EXPECT_EQ(tree.training("0000:fe:00.0").max_width, std::nullopt);
}

TEST_F(BrokenCopy, BridgesThatAreNotNestedAsTheySayLeaveNoPath) {
  dell.set(kPort, "secondary_bus_number", "26");
  EXPECT_TRUE(tree.path_to(kGpu).empty());
  EXPECT_TRUE(tree.links_above(kGpu).empty());
  EXPECT_TRUE(tree.training(kGpu).width) << "its own link is still seen";
}

TEST_F(BrokenCopy, ALinkThatLeadsNowhereOrOutOfTheTreeIsNoDevice) {
  const fs::path device = dell.folder / ("sys/bus/pci/devices/" + kGpu);
  for (const char* target : {"../../../devices/pci0000:15/gone", "/etc", "../../../../.."}) {
    fs::remove(device);
    fs::create_symlink(target, device);
    EXPECT_TRUE(tree.path_to(kGpu).empty()) << target;
    EXPECT_FALSE(tree.training(kGpu).width) << target;
  }
}

TEST_F(BrokenCopy, WidthsThatAreNoneAreMissing) {
  for (const char* width : {"0", "63", "255", "-1", "x16", "16 lanes", ""}) {
    dell.set(kGpu, "current_link_width", width);
    EXPECT_FALSE(tree.training(kGpu).width) << width;
  }
}

TEST_F(BrokenCopy, ErrorsThatGrewAreNamed) {
  const auto before = tree.errors(kPort);
  dell.set(kPort, "aer_dev_correctable",
           "RxErr 3\nBadTLP 0\nBadDLLP 7\nRollover 0\nTimeout 0\nNonFatalErr 0\nCorrIntErr 0\nHeaderOF 0\n"
           "dev_cor_errs_bit[9] 1\nTOTAL_ERR_COR 11");
  EXPECT_EQ(growth(before->correctable, tree.errors(kPort)->correctable),
            (std::map<std::string, std::int64_t>{{"RxErr", 3}, {"BadDLLP", 7}, {"dev_cor_errs_bit[9]", 1}}));
}

TEST(PciErrors, CountsThatShrankOrAreGoneHaveBegunAnew) {
  EXPECT_EQ(growth({{"DLP", 2}}, {{"DLP", 1}, {"CmpltTO", 5}}), std::nullopt);
  EXPECT_EQ(growth({{"DLP", 0}}, {{"CmpltTO", 5}}), std::nullopt);
  EXPECT_EQ(growth({{"DLP", 2}}, {{"DLP", 2}}), (std::map<std::string, std::int64_t>{}));
}

TEST(PciSpeeds, OnlyThoseOfAGenerationHaveOne) {
  EXPECT_EQ(generation_of(2.5), 1);
  EXPECT_EQ(generation_of(64), 6);
  EXPECT_EQ(generation_of(12), std::nullopt);
  for (const char* text : {"", "fast", "-32.0 GT/s", "32.0", "nan GT/s", "0 GT/s"})
    EXPECT_FALSE(speed_of(text)) << text;
}

}  // namespace
}  // namespace assay::pci
