#include "harness/kernel_log/event_digest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/ipc/frame.h"
#include "harness/kernel_log/parse.h"

namespace assay::kernel_log {
namespace {

KernelEvent xid(int number, const std::string& address, std::int64_t position,
                std::string line = "NVRM: Xid") {
  KernelEvent event;
  event.number = number;
  event.pci_address = address;
  event.line = std::move(line);
  event.position = position;
  return event;
}

TEST(EventDigest, KeepsTheFirstLinesOfEachKindAndCountsTheRest) {
  EventDigest digest;
  for (int i = 1; i <= 60'000; ++i) digest.add(xid(31, "0000:1b:00.0", i));
  digest.add(xid(79, "0000:1b:00.0", 60'001));
  digest.add(xid(31, "0000:9b:00.0", 60'002));
  const auto events = digest.take();
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kLinesKept) + 2);
  const KernelEvent& last = events[kLinesKept - 1];
  EXPECT_EQ(last.more, 60'000 - kLinesKept);
  EXPECT_EQ(last.position, 60'000);
  EXPECT_EQ(events[kLinesKept].number, 79);
  EXPECT_EQ(events[kLinesKept].more, 0);
  EXPECT_TRUE(digest.take().empty());
}

TEST(EventDigest, ALineIsNamedByTheLastOfItsExceptionAloneAndInTime) {
  const auto event = [](const char* rest, std::int64_t time_us) {
    KernelEvent parsed = *parse_line(std::string("NVRM: Xid (PCI:0000:1b:00): ") + rest);
    parsed.time_us = time_us;
    return parsed;
  };
  EventDigest digest;
  digest.add(event("13, Graphics Exception: ESR 0x1", 1'000));  // of another exception, long ago
  digest.add(event("13, Graphics SM Warp Exception on (GPC 1, TPC 4, SM 0)", 9'000'000));
  EXPECT_TRUE(digest.awaits_lines());
  digest.add(event("13, pid=7, name=train.py, Graphics Exception: channel 1", 9'003'000));
  EXPECT_FALSE(digest.awaits_lines());
  const auto events = digest.take();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].process, "");
  EXPECT_EQ(events[1].process, "train.py");
  EXPECT_EQ(events[1].pid, 7);
  // Nothing is lost where the last line does not come.
  digest.add(event("13, Graphics Exception: ESR 0x1", 1'000));
  EXPECT_EQ(digest.take().size(), 1u);
}

TEST(EventDigest, BeginsAnewWithEachSnapshot) {
  EventDigest digest;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kLinesKept + 1; ++i) digest.add(xid(31, "0000:1b:00.0", i));
    EXPECT_EQ(digest.take().back().more, 1);
  }
}

TEST(EventDigest, FitsAFrameWhateverIsLogged) {
  EventDigest digest;
  const std::string long_line(16 << 10, '"');
  for (int number = 0; number < 10'000; ++number) {
    for (int i = 0; i < 3; ++i) digest.add(xid(number, "0000:1b:00.0", number, long_line));
  }
  const nlohmann::json message = digest.take();
  EXPECT_LT(message.dump().size(), ipc::kMaxFrameBytes * 3 / 4);
  EXPECT_EQ(digest.take_uncounted(), 3 * (10'000 - static_cast<std::int64_t>(kMostKinds)));
  EXPECT_EQ(digest.take_uncounted(), 0);
}

}  // namespace
}  // namespace assay::kernel_log
