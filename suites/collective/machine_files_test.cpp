#include "suites/collective/machine_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace assay::collective {
namespace {

struct Files final : HostFiles {
  std::map<std::string, std::string> texts;

  std::optional<std::string> read(const std::string& path) const override {
    const auto found = texts.find(path);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> sha256(const std::string& path) const override {
    return read(path) ? std::optional<std::string>("00ff") : std::nullopt;
  }
  std::vector<std::string> list(const std::string&) const override { return {}; }
  std::optional<std::string> resolve(const std::string&) const override { return std::nullopt; }
};

TEST(MachineFiles, ThatAreNotThereSayNothing) {
  const MachineFiles none = machine_files(Files());
  EXPECT_EQ(none.settings, "none");
  EXPECT_TRUE(none.evidence.at("/etc/nccl.conf").is_null());
  EXPECT_TRUE(none.evidence.at("/var/run/nvidia-topologyd/virtualTopology.xml").is_null());
}

TEST(MachineFiles, OfSettingsThoseThatThisProcessHasNotAreNamed) {
  Files files;
  files.texts["/etc/nccl.conf"] = "NCCL_ASSAY_SET=1\nNCCL_P2P_DISABLE=1\n# of the vendor's\nNCCL_BUFFSIZE=8";
  setenv("NCCL_ASSAY_SET", "0", 1);
  const MachineFiles found = machine_files(files);
  unsetenv("NCCL_ASSAY_SET");
  EXPECT_EQ(found.settings, "NCCL_P2P_DISABLE=1, NCCL_BUFFSIZE=8");
  EXPECT_EQ(found.evidence.at("/etc/nccl.conf"), files.texts["/etc/nccl.conf"]);
}

TEST(MachineFiles, OfManySettingsTheFirstAreNamed) {
  Files files;
  for (int i = 0; i < 11; ++i) files.texts["/etc/nccl.conf"] += "NCCL_" + std::to_string(i) + "=1\n";
  EXPECT_EQ(machine_files(files).settings,
            "NCCL_0=1, NCCL_1=1, NCCL_2=1, NCCL_3=1, NCCL_4=1, NCCL_5=1, NCCL_6=1, NCCL_7=1 and 3 more");
}

TEST(MachineFiles, ATopologyIsRecordedByItsHashAndIsNoSetting) {
  Files files;
  files.texts["/var/run/nvidia-topologyd/virtualTopology.xml"] = "<system/>";
  const MachineFiles found = machine_files(files);
  EXPECT_EQ(found.settings, "none");
  EXPECT_EQ(found.evidence.at("/var/run/nvidia-topologyd/virtualTopology.xml"), "sha256:00ff");
}

}  // namespace
}  // namespace assay::collective
