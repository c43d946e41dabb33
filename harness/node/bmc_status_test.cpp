#include "harness/node/bmc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace assay {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// A controller with this chassis status and these records of its log.
class Controller final : public Bmc {
 public:
  Bytes status{0x00, 0x01, 0x00, 0x00};
  std::vector<Bytes> records;
  std::optional<Bytes> ask(const IpmiRequest& request) override {
    if (request.net_function == 0x00 && request.command == 0x01) return status;
    if (request.net_function != 0x0a) return Bytes{0xc1};
    if (request.command == 0x40) return Bytes{0x00, 0x51, static_cast<std::uint8_t>(records.size()), 0};
    const std::size_t at = request.data.at(2);
    if (at >= records.size()) return Bytes{0xcb};
    const bool last = at + 1 == records.size();
    Bytes answer{0x00, static_cast<std::uint8_t>(last ? 0xff : at + 1),
                 static_cast<std::uint8_t>(last ? 0xff : 0)};
    answer.insert(answer.end(), records[at].begin(), records[at].end());
    return answer;
  }
};

Bytes record(std::uint8_t sensor_type, std::uint8_t event_type, std::uint8_t offset) {
  return {1, 0, 0x02, 0x10, 0x20, 0x30, 0x60, 0x20, 0, 0x04, sensor_type, 7, event_type, offset, 0, 0};
}

std::vector<std::string> harms_in(std::vector<Bytes> records) {
  Controller bmc;
  bmc.records = std::move(records);
  std::vector<std::string> what;
  const auto log = event_log(bmc);
  if (!log) return {"no log"};
  std::transform(log->events.begin(), log->events.end(), std::back_inserter(what),
                 [](const BmcEvent& event) { return event.what; });
  return what;
}

TEST(ChassisStatus, TellsFaultsOfPowerAndFans) {
  Controller bmc;
  EXPECT_FALSE(chassis_status(bmc)->power_fault);
  bmc.status = {0x00, 0x09, 0x00, 0x08};
  EXPECT_TRUE(chassis_status(bmc)->power_fault);
  EXPECT_TRUE(chassis_status(bmc)->fan_fault);
  EXPECT_FALSE(chassis_status(bmc)->drive_fault);
  bmc.status = {0xc1};
  EXPECT_FALSE(chassis_status(bmc));
}

TEST(BmcLog, KeepsWhatMeansHarm) {
  EXPECT_THAT(
      harms_in({record(0x08, 0x6f, 3), record(0x08, 0x6f, 0), record(0x04, 0x01, 2), record(0x13, 0x6f, 10)}),
      testing::ElementsAre("power supply: input lost", "fan: critical", "bus: fatal error"));
}

TEST(BmcLog, WhatEndedAndWhatIsMarginalIsNoHarm) {
  EXPECT_THAT(harms_in({record(0x08, 0xef, 3), record(0x04, 0x01, 0), record(0x01, 0x01, 7)}),
              testing::IsEmpty());
}

TEST(BmcLog, OfAControllerThatBreaksOffIsCut) {
  Controller bmc;
  bmc.records = {record(0x08, 0x6f, 3), Bytes(3)};
  const auto log = event_log(bmc);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->entries, 2);
  EXPECT_TRUE(log->cut);
  EXPECT_EQ(log->events.size(), 1u);
}

TEST(BmcLog, OfNobodyIsNone) {
  class Nobody final : public Bmc {
    std::optional<Bytes> ask(const IpmiRequest&) override { return {}; }
  } nobody;
  EXPECT_FALSE(event_log(nobody));
  EXPECT_FALSE(chassis_status(nobody));
}

}  // namespace
}  // namespace assay
