// Errors of a GPU's NVLinks as counters. There are 54 of each GPU and nearly all stay 0: only those that do
// not are kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/model/readings.h"

namespace assay::telemetry {

/// "nvlink07".
std::string nvlink_name(std::size_t link);

/// Adds those that are above 0, as "nvlink07_replay", and which links were ever seen. Of a link that is down,
/// or does not answer, what `earlier` knows stays.
void add_nvlink_counters(const std::vector<NvlinkReading>& links,
                         const std::map<std::string, std::int64_t>& earlier,
                         std::map<std::string, std::int64_t>& counters);

/// What one link's counter was before a step and is after it.
struct NvlinkChange {
  std::size_t link;
  const char* measure;  // of telemetry: "nvlink_replay_delta"
  std::int64_t before, after;
};

struct NvlinkChanges {
  int counted = 0;        // links that are up, and whose errors are known
  bool all_lost = false;  // there were such links, and now all are down
  std::vector<NvlinkChange> changes;
};
NvlinkChanges nvlink_changes(const std::map<std::string, std::int64_t>& before,
                             const std::vector<NvlinkReading>& after);

/// "to 0000:85:00.0, port 46".
std::string far_end_of(const NvlinkReading& link);

}  // namespace assay::telemetry
