#include "harness/node/bmc_status.h"

#include <algorithm>
#include <map>
#include <utility>

namespace assay {
namespace {

using Bytes = std::vector<std::uint8_t>;

// IPMI 2.0, appendix G.
constexpr std::uint8_t kChassis = 0x00, kGetChassisStatus = 0x01;
constexpr std::uint8_t kStorage = 0x0a, kGetSelInfo = 0x40, kGetSelEntry = 0x43;

bool is_set(std::uint8_t byte, int bit) {
  return (byte >> bit & 1) != 0;
}

std::uint32_t little_endian(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

/// Completion code 0 and so many bytes, or nothing.
std::optional<Bytes> answer_of(Bmc& bmc, const IpmiRequest& request, std::size_t least) {
  auto answer = bmc.ask(request);
  if (!answer || answer->size() < least || answer->front() != kIpmiDone) return {};
  return answer;
}

// IPMI 2.0, table 42-3: of sensors whose offsets are their type's own (event type 0x6f), those that mean
// harm.
const std::map<std::pair<int, int>, const char*>& harms() {
  static const std::map<std::pair<int, int>, const char*> table{
      {{0x08, 1}, "power supply: failure"},
      {{0x08, 2}, "power supply: failure predicted"},
      {{0x08, 3}, "power supply: input lost"},
      {{0x08, 4}, "power supply: input lost or out of range"},
      {{0x08, 6}, "power supply: configuration error"},
      {{0x09, 4}, "power unit: input lost"},
      {{0x09, 6}, "power unit: failure"},
      {{0x0c, 1}, "memory: uncorrectable ECC"},
      {{0x0c, 5}, "memory: limit of correctable ECC reached"},
      {{0x07, 0}, "processor: internal error"},
      {{0x07, 1}, "processor: thermal trip"},
      {{0x13, 5}, "bus: system error (SERR)"},
      {{0x13, 8}, "bus: uncorrectable error"},
      {{0x13, 10}, "bus: fatal error"},
  };
  return table;
}

const char* name_of_threshold_sensor(int type) {
  switch (type) {
    case 0x01:
      return "temperature: critical";
    case 0x02:
      return "voltage: critical";
    case 0x04:
      return "fan: critical";
    default:
      return nullptr;
  }
}

/// Of the 16 bytes of a record. Nothing where it is no event, or says that something ended, or no harm.
std::optional<BmcEvent> event_of(const Bytes& answer, std::size_t record) {
  constexpr std::uint8_t kSystemEvent = 0x02, kThresholds = 0x01, kOwnOffsets = 0x6f;
  if (answer[record + 2] != kSystemEvent || is_set(answer[record + 12], 7)) return {};
  BmcEvent event;
  event.time_s = little_endian(answer, record + 3, 4);
  event.sensor_type = answer[record + 10];
  event.sensor = answer[record + 11];
  const int event_type = answer[record + 12] & 0x7f;
  const int offset = answer[record + 13] & 0x0f;
  if (event_type == kOwnOffsets) {
    const auto found = harms().find({event.sensor_type, offset});
    if (found == harms().end()) return {};
    event.what = found->second;
    return event;
  }
  // Lower critical, lower non-recoverable, upper critical, upper non-recoverable; going low, going high.
  const bool critical = (offset >= 2 && offset <= 5) || offset >= 8;
  const char* const name = name_of_threshold_sensor(event.sensor_type);
  if (event_type != kThresholds || !critical || name == nullptr) return {};
  event.what = name;
  return event;
}

}  // namespace

std::optional<ChassisStatus> chassis_status(Bmc& bmc) {
  const auto answer = answer_of(bmc, {kChassis, kGetChassisStatus, {}}, 4);
  if (!answer) return {};
  const std::uint8_t power = (*answer)[1], misc = (*answer)[3];
  return ChassisStatus{is_set(power, 3), is_set(power, 1), is_set(misc, 3), is_set(misc, 2)};
}

std::optional<BmcLog> event_log(Bmc& bmc) {
  constexpr int kMostEntries = 2000;  // some milliseconds each
  constexpr std::size_t kMostKept = 50, kRecordAt = 3, kRecordBytes = 16;
  constexpr std::uint32_t kLast = 0xffff;
  const auto info = answer_of(bmc, {kStorage, kGetSelInfo, {}}, 4);
  if (!info) return {};
  BmcLog log;
  log.entries = static_cast<int>(little_endian(*info, 2, 2));
  std::uint32_t next = 0;
  for (int i = 0; i < log.entries; ++i) {
    if (i == kMostEntries) {
      log.cut = true;
      break;
    }
    const auto low = static_cast<std::uint8_t>(next), high = static_cast<std::uint8_t>(next >> 8);
    const auto entry =
        answer_of(bmc, {kStorage, kGetSelEntry, {0, 0, low, high, 0, 0xff}}, kRecordAt + kRecordBytes);
    if (!entry) {
      log.cut = true;
      break;
    }
    if (auto event = event_of(*entry, kRecordAt)) log.events.push_back(std::move(*event));
    next = little_endian(*entry, 1, 2);
    if (next == kLast) break;
  }
  if (log.events.size() > kMostKept)
    log.events.erase(log.events.begin(), log.events.end() - static_cast<std::ptrdiff_t>(kMostKept));
  return log;
}

}  // namespace assay
