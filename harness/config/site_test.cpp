#include "harness/config/site.h"

#include <gtest/gtest.h>

#include "harness/config/site_reader.h"
#include "harness/config/test_files.h"
#include "harness/model/pci_address.h"

namespace assay::config {
namespace {

Site read(const std::string& content, std::string* errors) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  Site site = read_site(folder.write("mine.toml", content), test_vocabulary(), diagnostics);
  *errors = errors_of(diagnostics);
  return site;
}

std::string errors_of_site(const std::string& content) {
  std::string errors;
  read(content, &errors);
  return errors;
}

std::string waiver(const std::string& finding, const std::string& part, const std::string& expires) {
  return "[[waivers]]\nfinding = \"" + finding + "\"\npart = \"" + part +
         "\"\nreason = \"r\"\nwho = \"w\"\nexpires = \"" + expires + "\"\n";
}

TEST(Site, IsReadWhole) {
  std::string errors;
  const Site site =
      read("sku = \"h200-sxm-8\"\n[slot_pci_addresses]\ngpu1 = \"0000:2a:00.0\"\n" +
               waiver("memory.slow", "gpu3/hbm", "2027-01-31") + waiver("memory.slow", "*", "2027-01-31"),
           &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(site.name, "mine");
  EXPECT_EQ(site.sku, "h200-sxm-8");
  EXPECT_EQ(site.slot_pci_addresses.at("gpu1"), "0000:2a:00.0");
  ASSERT_EQ(site.waivers.size(), 2u);
  EXPECT_EQ(site.waivers[0].part, "gpu3/hbm");
  EXPECT_EQ(site.waivers[0].serial, "");
  EXPECT_EQ(site.waivers[0].expires, "2027-01-31");
}

TEST(Site, SaysWhichFirmwareItHasAgreedTo) {
  std::string errors;
  const Site site = read(
      "[firmware]\nvbios = [\"1\", \"2\"]\nbios = [\"2.4.4\"]\n[peer_traffic]\ndirect = true\n", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(site.firmware.at("vbios"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(site.firmware.at("bios"), (std::vector<std::string>{"2.4.4"}));
  EXPECT_TRUE(site.direct_peer_traffic);
  EXPECT_NE(errors_of_site("[firmware]\nvbois = [\"1\"]\n"), "");
  EXPECT_NE(errors_of_site("[firmware]\nvbios = [\"\"]\n"), "");
  EXPECT_NE(errors_of_site("[firmware]\nvbios = [\"1 or 2\"]\n"), "");
}

TEST(Site, SaysWhichSlotsBreatheWarmerAir) {
  std::string errors;
  const Site site = read("[warmer_air]\ngpu4 = \"5 degC\"\ngpu5 = \"4.5 degC\"\n", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(site.warmer_air_c, (std::map<Part, double>{{"gpu4", 5}, {"gpu5", 4.5}}));
  EXPECT_EQ(errors_of_site("[warmer_air]\nrear = \"5 degC\"\n"), "2:1: 'rear' is no slot, such as gpu3\n");
  EXPECT_EQ(errors_of_site("[warmer_air]\ngpu4 = \"5 W\"\n"),
            "2:1: '5 W' is no difference such as \"5 degC\", up to 30 degC\n");
}

TEST(Site, OnlyConditionAndPerformanceAreWaived) {
  EXPECT_EQ(errors_of_site(waiver("pcie.width", "gpu3", "2027-01-31")), "");
  for (const char* code :
       {"memory.miscompare", "device.xid", "harness.worker_crashed", "environment.not_idle"}) {
    EXPECT_EQ(errors_of_site(waiver(code, "*", "2027-01-31")).substr(0, 5), "2:11:") << code;
  }
  EXPECT_EQ(errors_of_site(waiver("memory.miscompare", "*", "2027-01-31")),
            "2:11: 'memory.miscompare' is of class corruption, which is never waived: only condition and "
            "performance are\n");
}

TEST(Site, WaiversAreWellFormed) {
  EXPECT_EQ(errors_of_site(waiver("memory.slow", "GPU 3", "soon")),
            "3:8: 'GPU 3' is no part, such as \"gpu3/hbm\" or \"*\"\n"
            "6:11: 'expires' must be a date, such as \"2026-11-23\", not \"soon\"\n");
  EXPECT_EQ(errors_of_site("[[waivers]]\nfinding = \"memory.slow\"\npart = \"*\"\nreason = \"r\"\nexpires = "
                           "\"2027-01-31\"\n"),
            "1:1: required key 'who' is missing\n");
}

TEST(Site, AddressesAreDistinctAndWellFormed) {
  EXPECT_EQ(errors_of_site("[slot_pci_addresses]\ngpu1 = \"0000:2A:00.0\"\nslot2 = \"0000:2a:00.0\"\ngpu3 = "
                           "\"0000:2a:00.0\"\n"),
            "2:1: '0000:2A:00.0' is no PCI address in lower case, such as \"0000:1b:00.0\"\n"
            "3:1: 'slot2' is no slot, such as gpu3\n"
            "3:1: gpu3 has this address already\n");
}

TEST(Site, SkuMustExist) {
  EXPECT_EQ(errors_of_site("sku = \"h200-sxm8\"\n"),
            "1:7: there is no SKU 'h200-sxm8'; did you mean 'h200-sxm-8'?\n");
}

TEST(PciAddress, HasOneSpelling) {
  EXPECT_TRUE(is_pci_address("0000:1b:00.0"));
  for (const char* bad :
       {"", "1b:00.0", "00000000:1b:00.0", "0000:1B:00.0", "0000:1b:00:0", "0000:1g:00.0"}) {
    EXPECT_FALSE(is_pci_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace assay::config
