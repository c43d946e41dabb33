#include "harness/kernel_log/meaning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/kernel_log/parse.h"
#include "harness/testing/shipped_events.h"

namespace assay::kernel_log {
namespace {

using Meaning = KernelEvent::Meaning;
using testing::HasSubstr;
using testing::Not;

KernelEvent meant(const std::string& line) {
  return testing_tools::interpreted(parse_line(line).value());
}

Meaning of_xid(const std::string& rest) {
  return meant("NVRM: Xid (PCI:0000:5d:00): " + rest).meaning;
}

TEST(Meaning, OfAnXidIsTheCatalogues) {
  EXPECT_EQ(of_xid("48, pid=7, name=train.py, DBE"), Meaning::fatal) << "whoever met it";
  EXPECT_EQ(of_xid("79, GPU has fallen off the bus."), Meaning::lost);
  EXPECT_EQ(of_xid("31, pid=7, name=train.py, MMU Fault"), Meaning::somebody_elses);
  EXPECT_EQ(of_xid("31, pid=7, name=assay, MMU Fault"), Meaning::counts);
  EXPECT_EQ(of_xid("74, NVLink: fatal error detected on link 6"), Meaning::counts);
  EXPECT_EQ(of_xid("43, pid=7, name=assay, channel 1"), Meaning::none);
  EXPECT_EQ(of_xid("777, of a driver to come"), Meaning::counts) << "what nobody knows is not nothing";
}

TEST(Meaning, OfAnNvswitchIsTheLinesOwnWordFirst) {
  const auto of = [](const std::string& rest) {
    return meant("nvidia-nvswitch3: SXid (PCI:0000:86:00.0): " + rest).meaning;
  };
  EXPECT_EQ(of("12028, Fatal, Link 32"), Meaning::fatal) << "the catalogue says non-fatal";
  EXPECT_EQ(of("20034, Non-fatal, Link 32"), Meaning::none) << "the catalogue says fatal";
  EXPECT_EQ(of("20034, in words of its own"), Meaning::fatal) << "where the line says neither";
  EXPECT_EQ(of("20034, Severity 1 Engine instance 37"), Meaning::none) << "it has been counted";
}

TEST(Meaning, OfPcieOnlyAFatalErrorIsAFault) {
  const auto of = [](const std::string& severity) {
    return meant("nvidia 0000:19:00.0: PCIe Bus Error: severity=" + severity + ", type=x").meaning;
  };
  EXPECT_EQ(of("Uncorrected (Fatal)"), Meaning::fatal);
  EXPECT_EQ(of("Uncorrected (Non-Fatal)"), Meaning::none);
  EXPECT_EQ(of("Correctable"), Meaning::none);
}

TEST(Meaning, OfTheHostIsWhatWasNotCorrected) {
  EXPECT_EQ(meant("EDAC MC0: 1 UE memory read error on DIMM#0 (x)").meaning, Meaning::fatal);
  EXPECT_EQ(meant("EDAC MC0: 1 CE memory read error on DIMM#0 (x)").meaning, Meaning::none);
}

TEST(Meaning, OfNetworkCardsAndDrivesIsWhatDoesNotGoOn) {
  EXPECT_EQ(meant("nvme nvme0: Disabling device after reset failure: -19").meaning, Meaning::fatal);
  EXPECT_EQ(meant("nvme nvme0: controller is down; will reset: CSTS=0xffffffff").meaning, Meaning::none);
}

TEST(Meaning, IsSaidInChineseToo) {
  const std::string line = "NVRM: Xid (PCI:0000:5d:00): 79, pid=1234, GPU has fallen off the bus.";
  const std::string chinese = meant(line).explained.chinese;
  EXPECT_THAT(chinese, testing::StartsWith("Xid 79（"));
  EXPECT_THAT(chinese, HasSubstr("：" + line + "；NVIDIA 2025-09-30 版目录的处理建议："));
  EXPECT_THAT(chinese, Not(HasSubstr("if it comes again")));
}

TEST(Meaning, IsSaidWithNumberLinkLineAndAdvice) {
  const std::string line = "NVRM: Xid (PCI:0000:5d:00): 74, NVLink: fatal error detected on link 6";
  EXPECT_THAT(meant(line).explained.english, testing::StartsWith("Xid 74 (NVLink error"));
  EXPECT_THAT(meant(line).explained.english,
              HasSubstr("NVLink 6: " + line + "; NVIDIA's catalogue of 2025-09-30: "));
  EXPECT_THAT(meant("NVRM: Xid (PCI:0000:5d:00): 43, x").explained.english, Not(HasSubstr("catalogue")))
      << "nothing is to be done";
}

}  // namespace
}  // namespace assay::kernel_log
