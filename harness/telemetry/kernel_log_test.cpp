#include "harness/telemetry/kernel_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "harness/testing/scratch_folder.h"

namespace assay::telemetry {
namespace {

TEST(KernelLine, ReadsAnXid) {
  const auto event =
      parse_kernel_line("NVRM: Xid (PCI:0000:9B:00): 79, pid=7, name=python3, GPU has fallen off the bus.");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, KernelEvent::Kind::xid);
  EXPECT_EQ(event->number, 79);
  EXPECT_EQ(event->pci_address, "0000:9b:00.0");
}

TEST(KernelLine, ReadsWhoseWorkItWas) {
  const auto process = [](const char* rest) {
    const auto event = parse_kernel_line(std::string("NVRM: Xid (PCI:0000:00:06): ") + rest);
    return event->pid == 0 ? event->process : std::to_string(event->pid) + " " + event->process;
  };
  EXPECT_EQ(process("31, pid=701, name=python3, channel 0x0000000a, intr 00000000. MMU Fault"),
            "701 python3");
  EXPECT_EQ(process("43, pid=7, name=ray::WorkerDict, channel 0x0000000a"), "7 ray::WorkerDict");
  EXPECT_EQ(process("13, pid='<unknown>', name=<unknown>, Graphics SM Warp Exception"), "");
  EXPECT_EQ(process("13, Graphics Exception: ESR 0x519730=0x500000f pid=1, name=x"), "");
  EXPECT_EQ(process("79, pid=5, name=<unknown>, GPU has fallen off the bus."), "");
}

TEST(KernelLine, OurOwnWorkersAreNotForeign) {
  const auto foreign = [](const char* name) {
    return is_foreign(
        *parse_kernel_line(std::string("NVRM: Xid (PCI:0000:00:06): 31, pid=701, name=") + name + ", x"));
  };
  EXPECT_TRUE(foreign("python3"));
  EXPECT_TRUE(foreign("assayer"));
  EXPECT_TRUE(foreign("x(assay)"));
  EXPECT_FALSE(foreign("nvidia-cuda-mps-server")) << "it may have worked for us";
  EXPECT_FALSE(foreign("assay"));
  EXPECT_FALSE(is_foreign(*parse_kernel_line("NVRM: Xid (PCI:0000:00:06): 31, Ch 10")));
}

TEST(KernelLine, ReadsTheFormWithoutPci) {
  const auto event = parse_kernel_line("NVRM: Xid (0000:03:00): 14, Channel 00000001");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->number, 14);
  EXPECT_EQ(event->pci_address, "0000:03:00.0");
}

TEST(KernelLine, ReadsAFallenGpuWithoutAnXid) {
  const auto event = parse_kernel_line("[ 1843.3] NVRM: GPU 18:00.0: GPU has fallen off the bus.");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, KernelEvent::Kind::fallen_off_bus);
  EXPECT_EQ(event->pci_address, "0000:18:00.0");
}

TEST(KernelLine, ReadsAnNvswitchError) {
  const auto event =
      parse_kernel_line("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Fatal, Link 63 LTSSM Fault Up");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, KernelEvent::Kind::nvswitch);
  EXPECT_EQ(event->number, 20034);
  EXPECT_EQ(event->nvswitch, 0);
  EXPECT_TRUE(event->fatal);
  EXPECT_FALSE(
      parse_kernel_line("nvidia-nvswitch1: SXid (PCI:0000:0a:00.0): 22013, Non-fatal, Link 57")->fatal);
}

TEST(KernelLine, MalformedAndOrdinaryLinesAreNoEvents) {
  EXPECT_FALSE(parse_kernel_line("NVRM: Xid (invalid): some error"));
  EXPECT_FALSE(parse_kernel_line("nvidia-nvswitch0: SXid (invalid): some error"));
  EXPECT_FALSE(parse_kernel_line("NVRM: NVLink link training completed"));
  EXPECT_FALSE(parse_kernel_line("NVRM: fallen off the bus and is not responding to commands."));
  EXPECT_FALSE(parse_kernel_line(""));
}

TEST(KernelLog, GivesOnlyWhatIsLoggedAfterItWasOpenedAndOnlyWholeLines) {
  const testing_tools::ScratchFolder folder;
  const std::string path = folder / "kernel.log";
  std::ofstream log(path);
  log << "NVRM: Xid (PCI:0000:01:00): 31, old\n" << std::flush;
  KernelLog tail(path);
  ASSERT_EQ(tail.why_not(), "");
  log << "NVRM: Xid (PCI:0000:02:00): 63, Row rem" << std::flush;
  EXPECT_TRUE(tail.poll().empty());
  log << "apping pending\nsomething else\n" << std::flush;
  const auto events = tail.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 63);
  EXPECT_EQ(events[0].line, "NVRM: Xid (PCI:0000:02:00): 63, Row remapping pending");
}

TEST(KernelLog, GoesOnFromAPosition) {
  const testing_tools::ScratchFolder folder;
  const std::string path = folder / "kernel.log";
  std::ofstream log(path);
  KernelLog first(path);
  log << "NVRM: Xid (PCI:0000:01:00): 31, seen\n" << std::flush;
  EXPECT_EQ(first.poll().size(), 1u);
  log << "NVRM: Xid (PCI:0000:02:00): 48, while nobody looked\n" << std::flush;
  KernelLog second(path, first.position());
  const auto events = second.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 48);
}

/// A character device that gives what is written to it: records as /dev/kmsg gives them.
struct FakeKmsg {
  int writer = posix_openpt(O_RDWR | O_NOCTTY);
  int keep_open = -1;
  std::string path;

  FakeKmsg() {
    grantpt(writer);
    unlockpt(writer);
    path = ptsname(writer);
    keep_open = open(path.c_str(), O_RDWR | O_NOCTTY);
    termios settings{};
    tcgetattr(keep_open, &settings);
    cfmakeraw(&settings);
    tcsetattr(keep_open, TCSANOW, &settings);
  }
  ~FakeKmsg() {
    close(keep_open);
    close(writer);
  }
  void record(int sequence, const std::string& text) const {
    const std::string line = "6," + std::to_string(sequence) + ",1234,-;" + text + "\n";
    EXPECT_EQ(write(writer, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
};

TEST(KernelLog, OfTheKernelIsReadFromItsEndAndKnowsWhereThatIs) {
  const FakeKmsg kmsg;
  kmsg.record(41, "NVRM: Xid (PCI:0000:01:00): 79, last week");
  KernelLog log(kmsg.path);
  EXPECT_EQ(log.position(), 42) << "a run that is killed before anything else is logged goes on from here";
  EXPECT_TRUE(log.poll().empty());
  kmsg.record(42, "NVRM: Xid (PCI:0000:01:00): 48, now");
  const auto events = log.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].position, 43);
  EXPECT_EQ(log.why_not(), "");
}

TEST(KernelLog, OfTheKernelThatGoesOnTellsWhetherRecordsAreGone) {
  const FakeKmsg whole, overtaken;
  whole.record(41, "NVRM: Xid (PCI:0000:01:00): 79, attributed before");
  whole.record(42, "NVRM: Xid (PCI:0000:01:00): 48, while nobody looked");
  KernelLog log(whole.path, 42);
  ASSERT_EQ(log.poll().size(), 1u);
  EXPECT_EQ(log.why_not(), "");
  overtaken.record(50, "something else");
  KernelLog late(overtaken.path, 42);
  late.poll();
  EXPECT_NE(late.take_loss().find("records were lost"), std::string::npos);
  EXPECT_EQ(late.take_loss(), "") << "it is said once: what comes later is heard";
}

TEST(KernelLog, SaysWhyItCannotBeRead) {
  KernelLog log("/nonexistent/kmsg");
  for (int i = 0; i < 2; ++i) EXPECT_NE(log.take_loss().find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace assay::telemetry
