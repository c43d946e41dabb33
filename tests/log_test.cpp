// assay log: what a kernel's log says, of another boot or another node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;
using testing::Not;

class LogVerb : public testing::Test {
 protected:
  std::string file(const std::string& text) const {
    const std::string path = scratch / "dmesg.txt";
    std::ofstream(path) << text;
    return path;
  }
  ScratchFolder scratch;
};

constexpr const char* kUncontained =
    "[  123.456789] NVRM: Xid (PCI:0000:5d:00): 95, pid=4711, Uncontained: LTC TAG (0x2,0x0). RST: Yes, "
    "D-RST: No";
constexpr const char* kOrdinary =
    "[  124.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n";

TEST_F(LogVerb, SaysWhatALineMeansAndWhatIsToBeDone) {
  const Finished said =
      assay(scratch, {"log", file(std::string(kOrdinary) + kUncontained + "\n" + kOrdinary)});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("!! "));
  EXPECT_THAT(said.out, HasSubstr("95, pid=4711"));
  EXPECT_THAT(said.out, HasSubstr("at once: "));
  EXPECT_THAT(said.out, Not(HasSubstr("usb")));
  EXPECT_THAT(said.out, HasSubstr("1 event(s), 1 of them"));
}

TEST_F(LogVerb, SaysItInChinese) {
  const Finished said = assay(scratch, {"log", file(std::string(kUncontained) + "\n"), "--lang", "zh-CN"});
  EXPECT_THAT(said.out, HasSubstr("立即："));
  EXPECT_THAT(said.out, HasSubstr("共 1 条事件"));
}

TEST_F(LogVerb, HearsALastLineWithoutAnEnd) {
  EXPECT_THAT(assay(scratch, {"log", file(kUncontained)}).out, HasSubstr("1 event(s)"));
}

/// As the shell's <(journalctl -k -b -1).
TEST_F(LogVerb, ReadsAPipeToItsEnd) {
  const std::string pipe = scratch / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(pipe);
    for (int i = 0; i < 20000; ++i) out << kOrdinary;  // more than a pipe holds
    out << kUncontained << "\n";
  });
  const Finished said = assay(scratch, {"log", pipe, "--json"});
  writer.join();
  const auto events = nlohmann::json::parse(said.out);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].at("number"), 95);
  EXPECT_EQ(events[0].at("pci_address"), "0000:5d:00.0");
  EXPECT_FALSE(events[0].at("says").get<std::string>().empty());
}

TEST_F(LogVerb, WhatIsNoTextIsNoAllClear) {
  for (const std::string& text : {std::string(), std::string("\x1f\x8b\x08"), std::string(100, '\0'),
                                  std::string("{\"MESSAGE\":\"x\"}\n")}) {
    const Finished said = assay(scratch, {"log", file(text)});
    EXPECT_EQ(said.exit_code, 2) << said.out;
    EXPECT_THAT(said.err, HasSubstr("dmesg.txt: "));
  }
}

TEST_F(LogVerb, AFileThatIsNotThereIsNamed) {
  const Finished said = assay(scratch, {"log", scratch / "none"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_THAT(said.err, HasSubstr("none: No such file"));
}

}  // namespace
}  // namespace assay
