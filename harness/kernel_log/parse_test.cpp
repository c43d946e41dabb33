#include "harness/kernel_log/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/kernel_log/prefix.h"

namespace assay::kernel_log {
namespace {

using Kind = KernelEvent::Kind;
using Severity = KernelEvent::Severity;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<KernelEvent> events_of(const std::vector<std::string>& lines) {
  LineReader reader;
  std::vector<KernelEvent> events;
  for (const std::string& line : lines) reader.take(line, 0, events);
  return events;
}

KernelEvent event_of(const std::string& line) {
  const auto events = events_of({line});
  EXPECT_THAT(events, SizeIs(1)) << line;
  return events.empty() ? KernelEvent{} : events.front();
}

TEST(KernelLine, ReadsAnXid) {
  const KernelEvent event =
      event_of("NVRM: Xid (PCI:0000:9B:00): 79, pid=7, name=python3, GPU has fallen off the bus.");
  EXPECT_EQ(event.kind, Kind::xid);
  EXPECT_EQ(event.number, 79);
  EXPECT_EQ(event.pci_address, "0000:9b:00.0");
}

TEST(KernelLine, ReadsEachFormOfAnAddress) {
  const auto address = [](const std::string& form) {
    return event_of("NVRM: Xid (" + form + "): 14, Channel 00000001").pci_address;
  };
  EXPECT_EQ(address("0000:03:00"), "0000:03:00.0");
  EXPECT_EQ(address("PCI:0000:03:00.1"), "0000:03:00.1");
  EXPECT_EQ(address("PCI:00000000:5D:00"), "0000:5d:00.0") << "eight digits are the same place";
  EXPECT_EQ(address("PCI:00010000:00:00"), "10000:00:00.0");
  EXPECT_EQ(address("PCI:0000:5d:00 GPU-I:05"), "0000:5d:00.0") << "a GPU in parts";
  EXPECT_EQ(address("PCI:0000:5d:00 GPU-I:05 GPU-CI:00"), "0000:5d:00.0");
}

TEST(KernelLine, ReadsWhoseWorkItWas) {
  const auto process = [](const char* rest) {
    const KernelEvent event = event_of(std::string("NVRM: Xid (PCI:0000:00:06): ") + rest);
    return event.pid == 0 ? event.process : std::to_string(event.pid) + " " + event.process;
  };
  EXPECT_EQ(process("31, pid=701, name=python3, channel 0x0000000a, intr 00000000. MMU Fault"),
            "701 python3");
  EXPECT_EQ(process("43, pid=7, name=ray::WorkerDict, channel 0x0000000a"), "7 ray::WorkerDict");
  EXPECT_EQ(process("43, pid='7', name='python3', channel 0x0000000a"), "7 python3");
  EXPECT_EQ(process("13, pid='<unknown>', name=<unknown>, Graphics SM Warp Exception"), "");
  EXPECT_EQ(process("13, Graphics Exception: ESR 0x519730=0x500000f pid=1, name=x"), "");
  EXPECT_EQ(process("79, pid=5, name=<unknown>, GPU has fallen off the bus."), "");
  EXPECT_EQ(process("31, pid=XXX"), "");
}

TEST(KernelLine, OurOwnWorkersAreNotForeign) {
  const auto foreign = [](const char* name) {
    return is_foreign(event_of(std::string("NVRM: Xid (PCI:0000:00:06): 31, pid=701, name=") + name + ", x"));
  };
  EXPECT_TRUE(foreign("python3"));
  EXPECT_TRUE(foreign("assayer"));
  EXPECT_TRUE(foreign("x(assay)"));
  EXPECT_FALSE(foreign("nvidia-cuda-mps-server")) << "it may have worked for us";
  EXPECT_FALSE(foreign("assay"));
  EXPECT_FALSE(is_foreign(event_of("NVRM: Xid (PCI:0000:00:06): 31, Ch 10")));
}

TEST(KernelLine, NamesTheLinkOfAnNvlinkError) {
  EXPECT_EQ(
      event_of("NVRM: Xid (PCI:0000:5d:00): 74, pid=1234, name=python3, NVLink: fatal error detected on "
               "link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)")
          .link,
      6);
  EXPECT_EQ(
      event_of("NVRM: Xid (PCI:0000:04:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 08 (0x004505c6)").link, 8);
  EXPECT_EQ(event_of("NVRM: Xid (PCI:0018:01:00): 149, NETIR Fatal XC0 i0 Link -1 (0x000fe406").link, -1);
}

TEST(KernelLine, ReadsWhatTheDriverAsksForNow) {
  const auto action = [](const char* rest) {
    return event_of(std::string("NVRM: Xid (PCI:0008:01:00): 154, GPU recovery action changed ") + rest)
        .recovery_action;
  };
  EXPECT_EQ(action("from 0x4 (Drain and Reset) to 0x1 (GPU Reset Required)"), 1);
  EXPECT_EQ(action("from 0x1 (GPU Reset Required) to 0x0 (None)"), 0);
  EXPECT_EQ(action("somehow"), -1);
}

TEST(KernelLine, ReadsAGpuThatFellOffTheBus) {
  const KernelEvent one = event_of("[ 1843.3] NVRM: GPU 18:00.0: GPU has fallen off the bus.");
  EXPECT_EQ(one.kind, Kind::fallen_off_bus);
  EXPECT_EQ(one.pci_address, "0000:18:00.0");
  const std::vector<std::string> three{
      "[ 1843.308145] NVRM: The NVIDIA GPU 0000:b3:00.0",
      "               NVRM: (PCI ID: 10de:26b5) installed in this system has",
      "               NVRM: fallen off the bus and is not responding to commands.",
      "[ 1843.439662] NVRM: The NVIDIA probe routine failed for 1 device(s)."};
  const auto over_lines = events_of(three);
  ASSERT_THAT(over_lines, SizeIs(1));
  EXPECT_EQ(over_lines[0].kind, Kind::fallen_off_bus);
  EXPECT_EQ(over_lines[0].pci_address, "0000:b3:00.0");
  EXPECT_THAT(over_lines[0].line,
              testing::HasSubstr("(PCI ID: 10de:26b5) installed in this system has fallen"));
  const KernelEvent joined = event_of(
      "NVRM: The NVIDIA GPU 0000:5d:00.0\\x0aNVRM: (PCI ID: 10de:2335) installed in this system "
      "has\\x0aNVRM: fallen off the bus and is not responding to commands.");
  EXPECT_EQ(joined.pci_address, "0000:5d:00.0");
  EXPECT_THAT(events_of({"NVRM: fallen off the bus and is not responding to commands."}), IsEmpty())
      << "of which GPU, nobody knows";
}

TEST(KernelLine, ReadsAnNvswitchError) {
  const KernelEvent event =
      event_of("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Fatal, Link 63 LTSSM Fault Up");
  EXPECT_EQ(event.kind, Kind::nvswitch);
  EXPECT_EQ(event.number, 20034);
  EXPECT_EQ(event.nvswitch, 0);
  EXPECT_EQ(event.link, 63);
  EXPECT_EQ(event.severity, Severity::fatal);
  EXPECT_EQ(event_of("nvidia-nvswitch1: SXid (PCI:0000:0a:00.0): 22013, Non-fatal, Link 57").severity,
            Severity::non_fatal);
  EXPECT_EQ(event_of("nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 99999, Some error").severity,
            Severity::unstated);
}

TEST(KernelLine, FurtherWordsOnAnNvswitchErrorAreNotOneMore) {
  const KernelEvent dump = event_of(
      "nvidia-nvswitch2: SXid (PCI:0000:07:00.0): 20034, Severity 1 Engine instance 37 Sub-engine instance "
      "00");
  EXPECT_TRUE(dump.continues);
  EXPECT_EQ(dump.severity, Severity::fatal);
  EXPECT_TRUE(
      event_of("nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 11111, Data {0x50610002, 0x10100030}").continues);
}

TEST(KernelLine, ReadsWhatTheKernelSaysOfPcie) {
  const KernelEvent corrected = event_of(
      "nvidia 0000:19:00.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)");
  EXPECT_EQ(corrected.kind, Kind::pcie);
  EXPECT_EQ(corrected.severity, Severity::corrected);
  EXPECT_EQ(corrected.pci_address, "0000:19:00.0");
  EXPECT_EQ(event_of("nvidia 0000:19:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer").severity,
            Severity::corrected);
  EXPECT_EQ(event_of("pcieport 0000:15:01.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=x").severity,
            Severity::fatal);
  EXPECT_EQ(
      event_of("pcieport 0000:15:01.0: PCIe Bus Error: severity=Uncorrectable (Non-Fatal), type=x").severity,
      Severity::non_fatal);
  for (const char* heard : {"pcieport 0000:15:01.0: AER: Corrected error received: 0000:19:00.0",
                            "pcieport 0000:15:01.0: AER: Multiple Correctable error message received from "
                            "0000:19:00.0"}) {
    EXPECT_EQ(event_of(heard).pci_address, "0000:19:00.0") << heard;
    EXPECT_TRUE(event_of(heard).continues) << heard;
  }
}

TEST(KernelLine, ReadsWhatTheHostSaysOfItself) {
  EXPECT_EQ(event_of("mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 5: bea0000000000108").severity,
            Severity::non_fatal);
  EXPECT_EQ(event_of("mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 5: 8c00004000010090").severity,
            Severity::corrected);
  const std::string dimm = " memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1)";
  EXPECT_EQ(event_of("EDAC MC0: 1 CE" + dimm).severity, Severity::corrected);
  EXPECT_EQ(event_of("EDAC MC0: 0 UE" + dimm).severity, Severity::non_fatal);
  const KernelEvent killed =
      event_of("Memory cgroup out of memory: Killed process 9 (train.py) total-vm:1kB");
  EXPECT_EQ(killed.kind, Kind::out_of_memory);
  EXPECT_EQ(killed.pid, 9);
  EXPECT_EQ(killed.process, "train.py");
}

TEST(KernelLine, ASlotThatLosesItsCardIsAFatalErrorOfItsPort) {
  for (const char* line : {"pcieport 0000:59:01.0: pciehp: Slot(3): Link Down",
                           "pcieport 0000:59:01.0: pciehp: Slot(3-1): Card not present",
                           "pciehp 0000:59:01.0:pcie24: Slot(3): Link Down"}) {
    const KernelEvent event = event_of(line);
    EXPECT_EQ(event.kind, Kind::pcie) << line;
    EXPECT_EQ(event.severity, Severity::fatal) << line;
    EXPECT_EQ(event.pci_address, "0000:59:01.0") << line;
  }
  for (const char* harmless :
       {"Card present", "Link Down/Up ignored", "Link Down/Up ignored (recovered by DPC)",
        "Link Down event ignored; already powering off"})
    EXPECT_THAT(events_of({std::string("pcieport 0000:59:01.0: pciehp: Slot(3): ") + harmless}), IsEmpty());
  EXPECT_THAT(events_of({"pcieport 0000:59:01.0: pciehp: Slot #3 AttnBtn- PwrCtrl- MRL- AttnInd-"}),
              IsEmpty());
}

TEST(KernelLine, ReadsWhatDriversSayOfNetworkCardsAndDrives) {
  const std::string card = "mlx5_core 0000:9a:00.0: ";
  const KernelEvent dead =
      event_of(card + "poll_health:850:(pid 0): device's health compromised - reached miss count");
  EXPECT_EQ(dead.kind, Kind::host_device);
  EXPECT_EQ(dead.severity, Severity::fatal);
  EXPECT_EQ(dead.pci_address, "0000:9a:00.0");
  const std::string issue = card + "print_health_info:431:(pid 0): Health issue observed, ";
  EXPECT_EQ(event_of(issue + "firmware internal error, severity(3) ERROR:").severity, Severity::fatal);
  EXPECT_EQ(event_of(issue + "High temperature, severity(2) CRITICAL:").severity, Severity::non_fatal);
  EXPECT_EQ(event_of(issue + "irisc not responding, severity(4) WARNING:").severity, Severity::non_fatal);
  EXPECT_EQ(event_of("nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10").severity,
            Severity::non_fatal);
  EXPECT_EQ(event_of("nvme nvme3: I/O 23 QID 4 timeout, reset controller").severity, Severity::non_fatal);
  EXPECT_EQ(event_of("nvme nvme0: Disabling device after reset failure: -19").severity, Severity::fatal);
  EXPECT_EQ(event_of("nvme nvme0: Removing after probe failure status: -19").kind, Kind::host_device);
  EXPECT_THAT(events_of({card + "firmware version: 28.39.1002", "nvme nvme0: 12/0/0 default/read/poll queues",
                         "nvme nvme0: I/O 5 QID 1 timeout, aborting"}),
              IsEmpty());
}

TEST(KernelLine, ReadsThatAProcessorStalled) {
  for (const char* line : {"watchdog: BUG: soft lockup - CPU#12 stuck for 26s! [nvidia-smi:1234]",
                           "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3",
                           "rcu: INFO: rcu_sched self-detected stall on CPU"})
    EXPECT_EQ(event_of(line).kind, Kind::stall) << line;
  EXPECT_THAT(
      events_of({"watchdog: watchdog0: watchdog did not stop!", "rcu: Hierarchical SRCU implementation.",
                 "INFO: task cp:77 blocked for more than 120 seconds."}),
      IsEmpty())
      << "what waits for a file server stops nobody else";
}

TEST(KernelLine, WhatFirmwareReportsIsOfTheSectionThatItNames) {
  const std::string mark = "{1}[Hardware Error]: ";
  const auto memory = events_of({mark + "event severity: recoverable", mark + " Error 0, type: recoverable",
                                 mark + "  section_type: memory error"});
  ASSERT_THAT(memory, SizeIs(1));
  EXPECT_EQ(memory[0].kind, Kind::machine_check);
  EXPECT_EQ(memory[0].severity, Severity::non_fatal);
  const auto pcie = events_of({mark + "event severity: fatal", mark + "  section_type: PCIe error",
                               mark + "  port_type: 4, root port", mark + "  device_id: 0000:5d:00.0"});
  ASSERT_THAT(pcie, SizeIs(1));
  EXPECT_EQ(pcie[0].kind, Kind::pcie);
  EXPECT_EQ(pcie[0].severity, Severity::fatal);
  EXPECT_EQ(pcie[0].pci_address, "0000:5d:00.0");
  EXPECT_THAT(events_of({mark + "event severity: fatal"}), IsEmpty()) << "of what, nobody has said yet";
}

TEST(KernelLine, OfADumpOfTheKernelsRecordsIsTheKernelsAlone) {
  std::vector<KernelEvent> events;
  LineReader reader;
  reader.take("6,1234,5678901,-;NVRM: Xid (PCI:0000:5d:00): 79, pid=1234, GPU has fallen off the bus.", 0,
              events);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].number, 79);
  EXPECT_EQ(events[0].logged_at, "5678901");
  reader.take("12,1235,5678902,-;NVRM: Xid (PCI:0000:5d:00): 79, pid=1234, said by a user", 0, events);
  EXPECT_EQ(events.size(), 1u);
}

TEST(KernelLine, ReadsThatAGpuDoesNotStart) {
  const auto event = parse_line("NVRM: GPU 0000:5d:00.0: RmInitAdapter failed! (0x62:0x40:1860)");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, Kind::driver);
  EXPECT_EQ(event->pci_address, "0000:5d:00.0");
  EXPECT_EQ(event->number, 0) << "of no assertion";
}

TEST(KernelLine, ReadsAnAssertionOfTheDriver) {
  const KernelEvent event = event_of(
      "NVRM: GPU0 nvAssertOkFailedNoLog: Assertion failed: Reset required [NV_ERR_RESET_REQUIRED] "
      "(0x00000062) returned from x @ y.c:9");
  EXPECT_EQ(event.kind, Kind::driver);
  EXPECT_EQ(event.number, 0x62);
  EXPECT_EQ(
      event_of("NVRM: nvCheckOkFailedNoLog: Check failed: Out of memory [NV_ERR_NO_MEMORY] (0x00000051) x")
          .number,
      0x51);
}

TEST(KernelLine, MalformedAndOrdinaryLinesAreNoEvents) {
  for (const char* line :
       {"NVRM: Xid (invalid): some error", "nvidia-nvswitch0: SXid (invalid): some error",
        "NVRM: NVLink link training completed", "NVRM: Xid (PCI:0000:01:00", "NVRM: Xid (PCI:0000:01:00): ",
        "NVRM: Xid (PCI:0000:01:00): x", "NVRM: Xid (PCI:0000:01:00): 99999999999, x",
        "nvidia-nvswitch: SXid (PCI:0000:05:00.0): 20034, Fatal", "EDAC MC0: Giving out device", "", " ",
        "\\x0a\\x0a", "NVRM: GPU Board Serial Number: 1653723052734",
        "NVRM: GPU at PCI:0000:9b:00: GPU-509665ad-b600-ac93-3616-d754b23d636d"})
    EXPECT_THAT(events_of({line}), IsEmpty()) << line;
}

TEST(KernelLinePrefix, OfEachLoggerIsTakenOff) {
  const std::string said = "NVRM: Xid (PCI:0000:dc:00): 45, x";
  for (const auto& [prefix, time] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"<4>", ""},
           {"[ 1843.308145] ", " 1843.308145"},
           {"<6>[    5.1] ", "    5.1"},
           {"[Fri Aug 30 11:43:09 2024] ", "Fri Aug 30 11:43:09 2024"},
           {"kernel: ", ""},
           {"Aug 30 11:43:09 node-7 kernel: ", "Aug 30 11:43:09"},
           {"Aug 30 11:43:09 node-7 kernel: [ 1843.3] ", "Aug 30 11:43:09"},
           {"2024-08-30T11:43:09.123+00:00 node-7 kernel: ", "2024-08-30T11:43:09.123+00:00"}}) {
    const std::string line = prefix + said;
    EXPECT_EQ(without_prefix(line).text, said) << line;
    EXPECT_EQ(without_prefix(line).logged_at, time) << line;
  }
}

TEST(KernelLinePrefix, WhatAnotherProgramQuotesIsNotTheKernels) {
  const std::string quoted = "NVRM: Xid (PCI:0000:dc:00): 79, GPU has fallen off the bus.";
  for (const char* prefix :
       {"Aug 30 11:43:09 node-7 monitor[12]: saw ", "monitor: ", "echo ", "Aug 30 11:43:09 node-7 python3: "})
    EXPECT_THAT(events_of({prefix + quoted}), IsEmpty()) << prefix;
}

}  // namespace
}  // namespace assay::kernel_log
