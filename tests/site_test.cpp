// --site: what a data centre expects of its nodes over and above the SKU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SiteTest : public testing::Test {
 protected:
  /// Of a simulated node that is asked only what it says of itself.
  nlohmann::json judgement(const std::string& site, const std::string& fault = "") {
    const std::string path = scratch / "site.toml";
    std::ofstream(path) << "sku = \"h200-sxm-8\"\n" << site;
    std::vector<std::string> arguments{"--profile", "inventory", "--workers", "thread"};
    if (!site.empty()) arguments.insert(arguments.end(), {"--site", path});
    if (!fault.empty()) arguments.insert(arguments.end(), {"--fault", fault});
    said = run_simulated(scratch, arguments).err;
    return judge(scratch, only_run(scratch));
  }

  /// A fault of the node that no shipped file plants, for whether it is one the site says.
  std::string planted(const std::string& kind, const std::string& code, const std::string& parameters = "") {
    const std::string path = scratch / (kind + ".toml");
    std::ofstream(path) << "summary = \"planted\"\n[fault]\nkind = \"" << kind << "\"\npart = \"node\"\n"
                        << (parameters.empty() ? "" : "[fault.parameters]\n" + parameters + "\n")
                        << "[expect]\nverdict = \"REJECT\"\ncode = \"" << code << "\"\npart = \"node\"\n";
    return path;
  }

  /// A driver that does not say which firmware a GPU's system processor runs.
  std::string mute() {
    const std::string path = scratch / "mute.toml";
    std::ofstream(path) << "summary = \"planted\"\n[fault]\nkind = \"nvml_answer\"\npart = \"gpu3\"\n"
                        << "[fault.parameters]\nfunction = \"nvmlDeviceGetGspFirmwareVersion\"\n"
                        << "error = \"not_supported\"\n[expect]\nverdict = \"INCONCLUSIVE\"\n"
                        << "code = \"environment.driver_lacks\"\npart = \"environment\"\n";
    return path;
  }

  Finished of_virtual_machine(const std::string& site) {
    const std::string path = scratch / "site.toml";
    std::ofstream(path) << site;
    return assay(scratch, {"run", "--node", "sim:h200-8gpu-vm", "--profile", "inventory", "--workers",
                           "thread", "--site", path, "--out", scratch / "out", "--quiet"});
  }

  std::string port_down() { return planted("port_down", "host.port_down", "port = 3"); }

  ScratchFolder scratch;
  std::string said;
};

std::string summary_of(const nlohmann::json& judgement) {
  return judgement.at("findings").at(0).at("summary").get<std::string>();
}

TEST_F(SiteTest, ThatExpectsMorePortsThanAreUpIsHeard) {
  const auto judged = judgement("[network]\nports_400g = 8\n", port_down());
  ASSERT_THAT(accusations(judged), ElementsAre("host.port_down@node")) << said;
  EXPECT_THAT(summary_of(judged), HasSubstr("mlx5_3 port 1: DOWN, Polling"));
}

TEST_F(SiteTest, WithoutOneNobodyKnowsWhichPortsAreToBeUp) {
  EXPECT_THAT(accusations(judgement("", port_down())), IsEmpty());
}

TEST_F(SiteTest, FirmwareThatItHasAgreedToIsAccepted) {
  const auto judged = judgement(
      "[firmware]\ndriver = [\"580.159.04\"]\nvbios = [\"96.00.DA.00.16\", \"96.00.A5.00.03\"]\n"
      "gsp_firmware = [\"580.159.04\"]\nnvswitch_firmware = [\"96.10.57.00.01\"]\nbios = [\"1.0\"]\n"
      "bmc_firmware = [\"1.0\"]\ninforom = [\"G520.0280.02.02\"]\n"
      "network_firmware = [\"28.43.2026\", \"22.43.2026 (MT4125)\"]\n");
  EXPECT_THAT(accusations(judged), IsEmpty()) << judged.dump(2) << said;
  EXPECT_EQ(judged.at("verdict"), "ACCEPT");
}

TEST_F(SiteTest, FirmwareThatItHasNotAgreedToIsNamedWithBothVersions) {
  const auto judged = judgement("[firmware]\nvbios = [\"96.00.DA.00.16\", \"96.00.DA.00.17\"]\n");
  EXPECT_EQ(judged.at("verdict"), "REJECT");
  ASSERT_THAT(judged.at("findings"), SizeIs(8)) << "one a GPU: " << judged.dump(2);
  EXPECT_THAT(accusations(judged), Each(HasSubstr("inventory.firmware_not_agreed@gpu")));
  EXPECT_THAT(summary_of(judged), HasSubstr("vbios is 96.00.A5.00.03"));
  EXPECT_THAT(summary_of(judged), HasSubstr("96.00.DA.00.16 or 96.00.DA.00.17"));
}

TEST_F(SiteTest, LettersOfAVersionMayBeInEitherCase) {
  EXPECT_THAT(accusations(judgement("[firmware]\nvbios = [\"96.00.a5.00.03\"]\n")), IsEmpty());
}

TEST_F(SiteTest, ADriverThatItHasNotAgreedToIsTheOperatingSystemsAndNoPartIsAccused) {
  const auto judged = judgement("[firmware]\ndriver = [\"580.82.07\"]\ngsp_firmware = [\"580.82.07\"]\n");
  EXPECT_EQ(judged.at("verdict"), "INCONCLUSIVE");
  EXPECT_THAT(accusations(judged), ElementsAre("environment.driver_not_agreed@environment"))
      << judged.dump(2);
  EXPECT_THAT(summary_of(judged), HasSubstr("The driver is version 580.159.04"));
}

TEST_F(SiteTest, GspFirmwareThatTheDriverDidNotBringIsHeardByItself) {
  const auto judged = judgement("[firmware]\ngsp_firmware = [\"580.82.07\"]\n");
  EXPECT_EQ(judged.at("verdict"), "INCONCLUSIVE");
  EXPECT_THAT(accusations(judged), Each(HasSubstr("environment.gsp_firmware_not_agreed@environment")));
}

TEST_F(SiteTest, VersionsAreGivenOneByOne) {
  said =
      of_virtual_machine("[firmware]\nnetwork_firmware = [\"28.43.2026 (MT4129), 32.41.1000 (MT41692)\"]\n")
          .err;
  EXPECT_THAT(said, HasSubstr("not one version"));
}

/// A virtual machine has no NVSwitches to show, and its SKU says so: a site with both kinds has one file.
TEST_F(SiteTest, WhatTheSkuCannotShowIsNotAskedForAndSaidSo) {
  const Finished run = of_virtual_machine(
      "[firmware]\nnvswitch_firmware = [\"96.10.57.00.01\"]\n[peer_traffic]\ndirect = true\n");
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  const auto notes = judge(scratch, only_run(scratch)).at("notes").get<std::vector<std::string>>();
  EXPECT_THAT(notes,
              Contains("the site's file asks for inventory.host/nvswitch_firmware, which h200-sxm-8-vm "
                       "does not have: the virtual machine was not given the NVSwitches"));
  EXPECT_THAT(notes, Contains(HasSubstr("inventory.host/acs_redirects")));
}

TEST_F(SiteTest, FirmwareThatCannotBeReadIsNoneThatItHasAgreedTo) {
  const auto judged = judgement("[firmware]\ngsp_firmware = [\"580.159.04\"]\n", mute());
  ASSERT_THAT(accusations(judged), ElementsAre("environment.driver_lacks@environment"))
      << judged.dump(2) << said;
  EXPECT_THAT(summary_of(judged), HasSubstr("gsp_firmware of gpu3"));
  EXPECT_THAT(summary_of(judged), HasSubstr("asked for by the site's file, [firmware]"));
}

TEST_F(SiteTest, WithoutOneNobodyNeedsFirmwareThatCannotBeRead) {
  EXPECT_THAT(accusations(judgement("", mute())), IsEmpty());
}

TEST_F(SiteTest, PeerTrafficThatTakesTheLongWayIsOnlyShownWhereNobodyNeedsIt) {
  EXPECT_THAT(accusations(judgement("", planted("acs_redirects", "settings.peer_traffic"))), IsEmpty());
}

TEST_F(SiteTest, PeerTrafficThatTakesTheLongWayIsHeardWhereItIsToBeDirect) {
  const auto judged =
      judgement("[peer_traffic]\ndirect = true\n", planted("acs_redirects", "settings.peer_traffic"));
  ASSERT_THAT(accusations(judged), ElementsAre("settings.peer_traffic@node")) << said;
  EXPECT_EQ(judged.at("verdict"), "INCONCLUSIVE");
  EXPECT_THAT(summary_of(judged), HasSubstr("ACS redirects at 0000:15:01.0"));
}

TEST_F(SiteTest, AnIommuThatTranslatesIsHeardWhereTrafficIsToBeDirect) {
  const auto judged =
      judgement("[peer_traffic]\ndirect = true\n", planted("iommu_translates", "settings.peer_traffic"));
  ASSERT_THAT(accusations(judged), ElementsAre("settings.peer_traffic@node")) << said;
  EXPECT_THAT(summary_of(judged), HasSubstr("the IOMMU translates for 0000:19:00.0"));
}

}  // namespace
}  // namespace assay
