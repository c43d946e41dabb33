#include "harness/kernel_log/kernel_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/testing/scratch_folder.h"

namespace assay::kernel_log {
namespace {

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
  void record(int sequence, const std::string& text, int priority = 6) const {
    const std::string line =
        std::to_string(priority) + "," + std::to_string(sequence) + ",1234,-;" + text + "\n";
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

TEST(KernelLog, GivesWhatWasLoggedBefore) {
  const FakeKmsg kmsg;
  kmsg.record(41, "NVRM: Xid (PCI:0000:01:00): 79, an hour ago");
  std::vector<KernelEvent> before;
  KernelLog log(kmsg.path, KernelLog::kFromEnd,
                [&](KernelEvent event) { before.push_back(std::move(event)); });
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0].number, 79);
  EXPECT_EQ(before[0].logged_at.substr(0, 2), "20") << "it is dated";
  EXPECT_TRUE(log.poll().empty());
}

TEST(KernelLog, OfProgramsThatWriteIntoItIsPassedOver) {
  const FakeKmsg kmsg;
  KernelLog log(kmsg.path);
  kmsg.record(42, "NVRM: Xid (PCI:0000:01:00): 79, by anybody", 14);
  kmsg.record(43, "NVRM: Xid (PCI:0000:01:00): 48, by the kernel");
  const auto events = log.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 48);
}

TEST(KernelLog, ALineWithoutEndIsCutAndNothingBehindItIsLost) {
  const testing_tools::ScratchFolder folder;
  const std::string path = folder / "kernel.log";
  std::ofstream log(path);
  KernelLog tail(path);
  log << "NVRM: Xid (PCI:0000:01:00): 79, " << std::string(3 << 20, 'x')
      << "\nNVRM: Xid (PCI:0000:01:00): 48, y\n"
      << std::flush;
  const auto events = tail.poll();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_LE(events[0].line.size(), 300u << 10);
  EXPECT_EQ(events[1].number, 48);
  EXPECT_EQ(tail.position(), static_cast<std::int64_t>(std::filesystem::file_size(path)));
}

TEST(KernelLog, IsTheKernelsOwnOrNothing) {
  const testing_tools::ScratchFolder folder;
  std::ofstream(folder / "kmsg") << "6,1,1,-;x\n";
  EXPECT_NE(why_not_the_kernels("/dev/null").find("another device"), std::string::npos);
  EXPECT_NE(why_not_the_kernels("/tmp").find("folder"), std::string::npos);
  EXPECT_NE(why_not_the_kernels(folder / "kmsg").find("plain file"), std::string::npos);
  EXPECT_NE(why_not_the_kernels("/nonexistent/kmsg").find("No such file"), std::string::npos);
}

TEST(KernelLog, SaysWhyItCannotBeRead) {
  KernelLog log("/nonexistent/kmsg");
  for (int i = 0; i < 2; ++i) EXPECT_NE(log.take_loss().find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace assay::kernel_log
