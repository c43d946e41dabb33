// Nodes whose driver is older than CUDA 13: inventory and health alone, and a plain word about the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "harness/config/paths.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::IsEmpty;

class OldDriver : public testing::TestWithParam<const char*> {
 protected:
  /// The shipped node of eight GPUs, with this driver.
  std::string node() {
    std::string text = read_text(config::configs_folder() + "/sim/h200-8gpu.toml");
    text = std::regex_replace(text, std::regex("driver_version = \"580[^\"]*\""),
                              std::string("driver_version = \"") + GetParam() + "\"");
    if (std::string(GetParam()) < "580")
      text =
          std::regex_replace(text, std::regex("cuda_driver_version = 13000"), "cuda_driver_version = 12040");
    const std::string path = scratch / "old.toml";
    std::ofstream(path) << text;
    std::filesystem::copy_file(config::configs_folder() + "/sim/plant-h200.toml",
                               scratch / "plant-h200.toml");
    return "sim:" + path;
  }
  Finished run(const std::string& profile) {
    return assay(scratch, {"run", "--node", node(), "--profile", profile, "--workers", "thread", "--out",
                           scratch / "out", "--quiet"});
  }

  ScratchFolder scratch;
};

TEST_P(OldDriver, IsAskedWhatItKnowsAndTheNodeIsAccepted) {
  const Finished finished = run("inventory");
  const auto judged = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judged), IsEmpty()) << finished.out;
  EXPECT_EQ(judged.at("verdict"), "ACCEPT");
  // Judged on less than a driver of today gives: whoever reads the verdict reads that beside it. Of what is
  // required 570 lacks nothing.
  const bool lacks_something = std::string(GetParam()) < "570";
  const std::string notes = judged.at("notes").dump();
  EXPECT_EQ(notes.find("was not asked") != std::string::npos, lacks_something) << notes;
}

/// On which nothing that is built for CUDA 13 starts.
TEST_P(OldDriver, IsNoneToWorkWith) {
  if (std::string(GetParam()) >= "580") return;  // it is
  run("quick");
  const auto judged = judge(scratch, only_run(scratch));
  EXPECT_EQ(judged.at("verdict"), "INCONCLUSIVE");
  EXPECT_THAT(accusations(judged), testing::Contains(HasSubstr("harness.driver_too_old@")));
}

INSTANTIATE_TEST_SUITE_P(Branches, OldDriver,
                         testing::Values("535.183.01", "550.127.08", "570.86.15", "580.65.06"),
                         [](const auto& branch) {
                           return "R" + std::regex_replace(branch.param, std::regex("\\..*"), "");
                         });

}  // namespace
}  // namespace assay
