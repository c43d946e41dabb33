// A configuration is the shipped one by its content. What is not says so beside the verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/assay_process.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

const std::string kConfigs = ASSAY_SOURCE_DIR "/configs";

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

struct ShippedConfigs : testing::Test {
  ScratchFolder scratch;

  nlohmann::json judgement_of_run(const std::vector<std::string>& further,
                                  const std::string& binary = ASSAY_BINARY) {
    std::vector<std::string> words{"run", "--node", "sim:h200-8gpu", "--seed",
                                   "7",   "--json", "--out",         scratch / "out"};
    words.insert(words.end(), further.begin(), further.end());
    const Finished run = assay(scratch, words, {}, binary);
    auto judgement = nlohmann::json::parse(run.out, nullptr, false);
    EXPECT_TRUE(judgement.is_object()) << run.out << run.err;
    return judgement;
  }
};

/// The binary with configurations beside it that a test may change.
struct InstalledConfigs : ShippedConfigs {
  std::string binary = scratch / "bin/assay", configs = scratch / "bin/configs";

  InstalledConfigs() {
    fs::create_directory(scratch / "bin");
    fs::copy_file(ASSAY_BINARY, binary);
    fs::copy(kConfigs, configs, fs::copy_options::recursive);
    fs::create_directory_symlink(fs::path(ASSAY_SIMULATED_NVML).parent_path(), scratch / "bin/simulated");
  }
};

TEST_F(ShippedConfigs, ASymbolicLinkLendsItsNameToNoOtherProfile) {
  const std::string link = scratch / "acceptance.toml";
  fs::create_symlink(kConfigs + "/profiles/quick.toml", link);
  const auto judgement = judgement_of_run({"--profile", link});
  EXPECT_EQ(judgement.at("profile"), link);
  EXPECT_EQ(judgement.at("headline"), "ACCEPT (profile " + link + ")");
  EXPECT_THAT(judgement.at("notes").dump(), HasSubstr(link));
  const std::string run = only_run(scratch);
  EXPECT_THAT(run, HasSubstr("-own-acceptance"));
  EXPECT_EQ(judge(scratch, run).at("headline"), judgement.at("headline"));
  for (const char* language : {"en", "zh-CN"}) {
    for (const char* format : {"text", "html"}) {
      const Finished report = assay(scratch, {"report", run, "--lang", language, "--format", format});
      EXPECT_THAT(report.out, HasSubstr("(profile " + link + ")"));
    }
  }
}

TEST_F(ShippedConfigs, AnEditedCopyGoesByItsPath) {
  const std::string copy = scratch / "quick.toml";
  fs::copy_file(kConfigs + "/profiles/quick.toml", copy);
  append(copy, "# and nothing else\n");
  const auto judgement = judgement_of_run({"--profile", copy, "--fault", "data-wire"});
  EXPECT_EQ(judgement.at("profile"), copy);
  EXPECT_EQ(judgement.at("headline"), "REJECT (profile " + copy + ")") << "beside every verdict";
}

TEST_F(ShippedConfigs, AnExactCopyIsTheShippedOne) {
  const std::string profile = scratch / "quick.toml", sku = scratch / "h200-sxm-8.toml";
  fs::copy_file(kConfigs + "/profiles/quick.toml", profile);
  fs::copy_file(kConfigs + "/skus/h200-sxm-8.toml", sku);
  const auto judgement = judgement_of_run({"--profile", profile, "--sku", sku});
  EXPECT_EQ(judgement.at("profile"), "quick");
  EXPECT_EQ(judgement.at("sku"), "h200-sxm-8");
  EXPECT_EQ(judgement.at("headline"), "ACCEPT");
  EXPECT_THAT(only_run(scratch), Not(HasSubstr("own-")));
}

TEST_F(ShippedConfigs, ASkuWhoseLimitsComeFromAnEditedOneIsNotTheShippedOne) {
  fs::copy_file(kConfigs + "/skus/h200-1gpu-bench.toml", scratch / "h200-1gpu-bench.toml");
  fs::copy_file(kConfigs + "/skus/h200-sxm-8.toml", scratch / "h200-sxm-8.toml");
  append(scratch / "h200-sxm-8.toml", "# edited\n");
  const Finished plan = assay(
      scratch, {"plan", "--node", "sim:h200-1gpu", "--sku", scratch / "h200-1gpu-bench.toml", "--seed", "7"});
  EXPECT_THAT(plan.out, HasSubstr("SKU " + scratch / "h200-1gpu-bench.toml"));
  EXPECT_THAT(plan.out, HasSubstr("sku " + scratch / "h200-sxm-8.toml"));
}

TEST_F(InstalledConfigs, AreTheShippedOnesWhereverTheyLie) {
  const auto judgement = judgement_of_run({}, binary);
  EXPECT_EQ(judgement.at("headline"), "ACCEPT");
  EXPECT_EQ(judgement.at("sku"), "h200-sxm-8");
}

TEST_F(InstalledConfigs, OneThatIsEditedInItsPlaceIsNotAsShipped) {
  const std::string sku = configs + "/skus/h200-sxm-8.toml";
  append(sku, "# edited\n");
  const auto judgement = judgement_of_run({}, binary);
  EXPECT_EQ(judgement.at("sku"), sku);
  EXPECT_EQ(judgement.at("headline"), "ACCEPT (sku " + sku + ", not as shipped)");
}

TEST_F(InstalledConfigs, OneThatWasAddedGoesByItsPath) {
  fs::copy_file(configs + "/profiles/quick.toml", configs + "/profiles/certified.toml");
  const auto judgement = judgement_of_run({"--profile", "certified"}, binary);
  EXPECT_EQ(judgement.at("headline"), "ACCEPT (profile " + configs + "/profiles/certified.toml)");
}

/// So that a fatal Xid means nothing.
void silence_xid_48(const std::string& configs) {
  const std::string path = configs + "/xid/xid.toml";
  std::string text = read_text(path);
  const auto at = text.find("says = \"fatal\"", text.find("number = 48\n"));
  ASSERT_NE(at, std::string::npos);
  std::ofstream(path) << text.replace(at, 14, "says = \"nothing\"");
}

TEST_F(InstalledConfigs, AChangedCatalogueOfXidsIsSaid) {
  silence_xid_48(configs);
  const auto judgement = judgement_of_run({"--fault", "kernel-line"}, binary);
  EXPECT_EQ(judgement.at("headline"), "ACCEPT (xid " + configs + "/xid/xid.toml, not as shipped)");
}

TEST_F(InstalledConfigs, ARunDoesNotGoOnWithAnotherCatalogueOfXids) {
  const std::vector<std::string> words{"run", "--node",  "sim:h200-8gpu", "--seed",
                                       "7",   "--fault", "kernel-line",   "--time-scale",
                                       "10",  "--out",   scratch / "out"};
  Running run(scratch, words, {}, binary);
  ASSERT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.bandwidth-gpu7"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  silence_xid_48(configs);
  const Finished resumed = assay(scratch, {"resume", only_run(scratch)}, {}, binary);
  EXPECT_EQ(resumed.exit_code, 2) << resumed.out;
  EXPECT_THAT(resumed.err, HasSubstr("configs/xid was changed since the run was started"));
}

TEST_F(InstalledConfigs, AChangedCatalogueOfFindingsIsSaid) {
  const std::string memory = configs + "/findings/memory.toml";
  std::string text = read_text(memory);
  const auto at = text.find("\"performance\"", text.find("\"memory.slow\""));
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 13, "\"environment\"");
  // Which performance explains no more.
  const std::string explained = "\"thermal.slowed_down\", \"power.brake\",";
  const auto by = text.find(explained, at);
  ASSERT_NE(by, std::string::npos);
  std::ofstream(memory) << text.erase(by, explained.size());
  const auto judgement = judgement_of_run({"--fault", "slow-hbm"}, binary);
  EXPECT_EQ(judgement.at("headline"), "INCONCLUSIVE (findings " + memory + ", not as shipped)");
}

}  // namespace
}  // namespace assay
