#include "harness/telemetry/kernel_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
  const auto path = std::filesystem::path(testing::TempDir()) / "kernel-log-test";
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
  std::filesystem::remove(path);
}

TEST(KernelLog, GoesOnFromAPosition) {
  const auto path = std::filesystem::path(testing::TempDir()) / "kernel-log-position-test";
  std::ofstream log(path);
  KernelLog first(path);
  log << "NVRM: Xid (PCI:0000:01:00): 31, seen\n" << std::flush;
  EXPECT_EQ(first.poll().size(), 1u);
  log << "NVRM: Xid (PCI:0000:02:00): 48, while nobody looked\n" << std::flush;
  KernelLog second(path, first.position());
  const auto events = second.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 48);
  std::filesystem::remove(path);
}

TEST(KernelLog, SaysWhyItCannotBeRead) {
  EXPECT_NE(KernelLog("/nonexistent/kmsg").why_not().find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace assay::telemetry
