// --lang: whoever starts a run is spoken to in that language by everything that follows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/assay_process.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::Not;

/// Lines that a page broke, as one.
std::string unwrapped(const std::string& page) {
  return std::regex_replace(page, std::regex("\n +"), "");
}

class Language : public testing::Test {
 protected:
  std::string chinese_run() {
    run_simulated(scratch, {"--profile", "links", "--workers", "thread", "--lang", "zh-CN", "--fault",
                            "configs/faults/port-flaps.toml"});
    return only_run(scratch);
  }
  ScratchFolder scratch;
};

TEST_F(Language, OfARunIsThatOfItsProgressItsSummaryAndItsReport) {
  const Finished run =
      run_simulated(scratch, {"--profile", "inventory", "--workers", "thread", "--lang", "zh-CN"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("inventory.gpus：node，约剩"));
  EXPECT_THAT(run.out, HasSubstr("结论"));
  EXPECT_THAT(read_text(only_run(scratch) + "/report.html"), HasSubstr("lang=\"zh-CN\""));
}

TEST_F(Language, OfARunIsThatOfItsReportsAndOfItsJudgement) {
  const std::string run = chinese_run();
  EXPECT_THAT(assay(scratch, {"report", run}).out, HasSubstr("结论：拒收（REJECT）"));
  EXPECT_THAT(assay(scratch, {"judge", run}).out, HasSubstr("结论：拒收（REJECT）"));
  EXPECT_THAT(assay(scratch, {"report", run, "--lang", "en"}).out, HasSubstr("VERDICT: REJECT"));
}

TEST_F(Language, OfAFindingNamesWhatWasMeasured) {
  const std::string said = assay(scratch, {"report", chinese_run()}).out;
  EXPECT_THAT(said, HasSubstr("网口链路断开次数（links_downed）"));
  EXPECT_THAT(said, HasSubstr("重新安装该部件后复测"));
  EXPECT_THAT(said, Not(HasSubstr("SXM 模组"))) << "a network port is in none";
}

/// What a technician reads of a fault has none of the judge's English in it. What the kernel, the driver or a
/// library said stays as it was said.
TEST_F(Language, OfAFindingIsThatOfItsDetailsToo) {
  struct Case {
    const char *fault, *chinese, *english;
  };
  for (const Case& one :
       {Case{"no-permission", "当前用户无权读取", "may not read"},
        Case{"gpu-lost", "时返回“gpu_lost”", "asked for"},
        Case{"xid-fatal", "版目录的处理建议", "NVIDIA's catalogue"},
        Case{"nvswitch-error", "数据链路层：链路由工作状态断开", "data link layer"},
        Case{"xid-before", "版目录的处理建议", "NVIDIA's catalogue"},
        Case{"worker-crash", "工作进程崩溃", "the worker died"},
        Case{"nvlinks-down", "断开；到 nvswitch", " are down"}, Case{"dimm-missing", "只有", " has "},
        Case{"relabelled", "与 H20 141 GB 相同", "as of an"},
        Case{"other-vbios", "本节点多数 GPU 为", "most of the node's"},
        Case{"slow-hbm", "其余 GPU 中位数", "the other GPUs' median"},
        Case{"nvml-hang", "管理库（NVML）的一次调用在", "did not return"}}) {
    const ScratchFolder folder;
    run_simulated(folder, {"--quiet", "--profile", "quick", "--fault", one.fault});
    const std::string said = unwrapped(assay(folder, {"report", only_run(folder), "--lang", "zh-CN"}).out);
    EXPECT_THAT(said, HasSubstr(one.chinese)) << one.fault << '\n' << said;
    EXPECT_THAT(said, Not(HasSubstr(one.english))) << one.fault << '\n' << said;
  }
}

TEST_F(Language, OfARefusalIsTheReaders) {
  const Finished refused = assay(scratch, {"run", "--sku", "h200-sxm-8", "--profile", "acceptance", "--lang",
                                           "zh-CN", "--out", scratch / "out"});
  EXPECT_EQ(refused.exit_code, 11);
  EXPECT_THAT(refused.err, HasSubstr("未进行任何测试。请运行 assay doctor --lang zh-CN。"));
}

TEST_F(Language, OfAKilledRunIsThatOfWhoGoesOnWithIt) {
  ASSERT_TRUE(kill_at_size(scratch,
                           {"run", "--node", "sim:h200-8gpu", "--profile", "quick", "--seed", "3", "--lang",
                            "zh-CN", "--out", scratch / "out"},
                           scratch / "out", 200'000));
  const Finished resumed = assay(scratch, {"resume", only_run(scratch), "--quiet"});
  EXPECT_THAT(resumed.out, HasSubstr("结论：接收（ACCEPT）")) << resumed.err;
}

TEST_F(Language, OfTheDoctorIsTheReaders) {
  EXPECT_THAT(assay(scratch, {"doctor", "--lang", "zh-CN"}).out, HasSubstr("内核日志："));
  EXPECT_THAT(assay(scratch, {"doctor"}).out, HasSubstr("kernel log: "));
}

TEST_F(Language, ThatNobodyHasIsRefused) {
  const Finished refused = assay(scratch, {"doctor", "--lang", "de"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--lang"));
}

}  // namespace
}  // namespace assay
