#include "harness/telemetry/nvlink_counters.h"

#include <gtest/gtest.h>

namespace assay::telemetry {
namespace {

using Counters = std::map<std::string, std::int64_t>;

NvlinkReading link(std::int64_t replays, std::int64_t recoveries, std::int64_t crc_errors) {
  NvlinkReading reading;
  reading.up = Integer::of(1);
  reading.replays = Integer::of(replays);
  reading.recoveries = Integer::of(recoveries);
  reading.crc_errors = Integer::of(crc_errors);
  return reading;
}

NvlinkReading down() {
  NvlinkReading reading;
  reading.up = Integer::of(0);
  return reading;
}

Counters counters_of(const std::vector<NvlinkReading>& links, const Counters& earlier = {}) {
  Counters counters;
  add_nvlink_counters(links, earlier, counters);
  return counters;
}

TEST(NvlinkCounters, OnlyThoseThatAreNotZeroAreKept) {
  EXPECT_EQ(counters_of({link(0, 0, 0), link(5, 0, 2)}),
            (Counters{{"nvlink01_replay", 5}, {"nvlink01_crc", 2}, {"nvlinks_seen", 3}}));
}

TEST(NvlinkCounters, OfALinkThatWentDownTheyStayAsTheyWere) {
  const Counters before = counters_of({link(5, 1, 0), link(0, 0, 0)});
  EXPECT_EQ(counters_of({down(), link(0, 0, 0)}, before), before);
}

TEST(NvlinkCounters, WhatIsMetForTheFirstTimeIsWhereCountingBegins) {
  EXPECT_TRUE(nvlink_changes({}, {link(7, 1, 0)}).changes.empty());
  const Counters before = counters_of({link(0, 0, 0), down()});
  const std::vector<NvlinkReading> trained{link(0, 0, 0), link(7, 1, 0)};
  EXPECT_TRUE(nvlink_changes(before, trained).changes.empty());
  EXPECT_EQ(nvlink_changes(counters_of(trained, before), {link(0, 0, 0), link(9, 1, 0)}).changes.size(), 1u);
}

TEST(NvlinkCounters, AGpuThatHadLinksAndHasNoneHasLostThem) {
  const Counters before = counters_of({link(0, 0, 0), link(0, 0, 0)});
  EXPECT_TRUE(nvlink_changes(before, {down(), down()}).all_lost);
  EXPECT_FALSE(nvlink_changes({}, {down(), down()}).all_lost) << "there never were any";
  EXPECT_FALSE(nvlink_changes(before, {down(), link(0, 0, 0)}).all_lost);
  EXPECT_FALSE(nvlink_changes(before, {down(), NvlinkReading{}}).all_lost) << "one does not answer";
}

TEST(NvlinkCounters, ChangesAreOfEachLink) {
  const std::vector<NvlinkReading> after{link(7, 1, 0), down(), link(0, 0, 3)};
  const NvlinkChanges all = nvlink_changes(counters_of({link(5, 1, 0), link(0, 0, 0), link(0, 0, 0)}), after);
  EXPECT_EQ(all.counted, 2);
  ASSERT_EQ(all.changes.size(), 2u);
  EXPECT_EQ(all.changes[0].link, 0u);
  EXPECT_STREQ(all.changes[0].measure, "nvlink_replay_delta");
  EXPECT_EQ(all.changes[0].after - all.changes[0].before, 2);
  EXPECT_EQ(all.changes[1].link, 2u);
  EXPECT_STREQ(all.changes[1].measure, "nvlink_crc_delta");
}

TEST(NvlinkCounters, ALinkThatDoesNotTellItsErrorsIsNotCounted) {
  NvlinkReading silent = link(0, 0, 0);
  silent.recoveries = Integer::none("not_supported");
  EXPECT_EQ(nvlink_changes({}, {silent, link(0, 0, 0)}).counted, 1);
}

TEST(NvlinkCounters, TheFarEndIsASwitchAndItsPort) {
  NvlinkReading reading = link(0, 0, 0);
  reading.remote = Text::of("0000:85:00.0");
  reading.remote_link = Integer::of(46);
  EXPECT_EQ(far_end_of(reading), "to 0000:85:00.0, port 46");
  reading.remote_link = Integer::none("not_supported");
  EXPECT_EQ(far_end_of(reading), "to 0000:85:00.0, port unknown");
  reading.remote = Text::none("not_shown");
  EXPECT_EQ(far_end_of(reading), "to an end that the driver does not show");
}

}  // namespace
}  // namespace assay::telemetry
