#include "harness/telemetry/nvlink_counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace assay::telemetry {
namespace {

struct Counter {
  Integer NvlinkReading::*errors;
  const char *name, *measure;
};
constexpr std::array<Counter, 3> kCounters{{
    {&NvlinkReading::replays, "replay", "nvlink_replay_delta"},
    {&NvlinkReading::recoveries, "recovery", "nvlink_recovery_delta"},
    {&NvlinkReading::crc_errors, "crc", "nvlink_crc_delta"},
}};

std::string key_of(std::size_t link, const Counter& counter) {
  return nvlink_name(link) + "_" + counter.name;
}

std::int64_t value_in(const std::map<std::string, std::int64_t>& counters, const std::string& key) {
  const auto found = counters.find(key);
  return found == counters.end() ? 0 : found->second;
}

bool is_counted(const NvlinkReading& link) {
  return link.up.value == 1 && std::all_of(kCounters.begin(), kCounters.end(), [&](const Counter& counter) {
           return (link.*counter.errors).has_value();
         });
}

/// A bit for each link whose errors were ever known: what is met for the first time is where counting begins.
constexpr const char* kSeen = "nvlinks_seen";

bool is_seen(const std::map<std::string, std::int64_t>& counters, std::size_t link) {
  return (value_in(counters, kSeen) >> link & 1) != 0;
}

}  // namespace

std::string nvlink_name(std::size_t link) {
  return fmt::format("nvlink{:02}", link);
}

void add_nvlink_counters(const std::vector<NvlinkReading>& links,
                         const std::map<std::string, std::int64_t>& earlier,
                         std::map<std::string, std::int64_t>& counters) {
  std::int64_t seen = value_in(earlier, kSeen);
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (is_counted(links[i])) seen |= std::int64_t{1} << i;
    for (const Counter& counter : kCounters) {
      const Integer& now = links[i].*counter.errors;
      const std::int64_t value = is_counted(links[i]) ? *now.value : value_in(earlier, key_of(i, counter));
      if (value > 0) counters[key_of(i, counter)] = value;
    }
  }
  if (seen != 0) counters[kSeen] = seen;
}

NvlinkChanges nvlink_changes(const std::map<std::string, std::int64_t>& before,
                             const std::vector<NvlinkReading>& after) {
  NvlinkChanges all;
  const bool all_down =
      !after.empty() &&
      std::all_of(after.begin(), after.end(), [](const NvlinkReading& link) { return link.up.value == 0; });
  all.all_lost = all_down && value_in(before, kSeen) != 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!is_counted(after[i])) continue;
    ++all.counted;
    if (!is_seen(before, i)) continue;
    for (const Counter& counter : kCounters) {
      const std::int64_t first = value_in(before, key_of(i, counter)),
                         last = *(after[i].*counter.errors).value;
      if (first != last) all.changes.push_back({i, counter.measure, first, last});
    }
  }
  return all;
}

std::string far_end_of(const NvlinkReading& link) {
  if (!link.remote.value) return "to an end that the driver does not show";
  return fmt::format("to {}, port {}", *link.remote.value,
                     link.remote_link.value ? std::to_string(*link.remote_link.value) : "unknown");
}

}  // namespace assay::telemetry
