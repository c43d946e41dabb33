// The sampler: the one process that talks to the management library. A thread per GPU, so that a GPU whose
// driver call never returns cannot blind the rest; it also follows the kernel log.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/kernel_log/kernel_log.h"
#include "harness/model/part.h"
#include "harness/model/readings.h"
#include "harness/node/backend.h"
#include "harness/telemetry/cooling.h"
#include "harness/telemetry/slowdowns.h"

namespace assay::telemetry {

/// Real time after which a management-library call counts as hung and its GPU's telemetry as lost.
inline constexpr int kCallTimeoutMs = 5000;

/// The first message to the sampler. It answers {ready: {}} or {failed: {why}}.
struct SamplerStart {
  NodeAddress node;
  /// By PCI address, and under "" for all others: kernel events up to here are in the records already.
  std::map<std::string, std::int64_t> attributed;
  std::int64_t kernel_log_position = kernel_log::KernelLog::kFromEnd;
  /// Of a run that goes on in the same boot: what the log held up to here was logged before the run began.
  std::int64_t run_began = 0;
};

/// One GPU's series since the last snapshot.
struct SeriesSummary {
  int samples = 0;
  Reading<double> power_median_w, power_p95_w, temperature_p95_c, memory_temperature_p95_c,
      sm_clock_median_mhz;
  /// Of the last half of the time at work: by then clocks and the fast part of the heat are where the work
  /// takes them. Of what waits for others afterwards it says nothing.
  Reading<double> power_steady_w, sm_clock_steady_mhz, temperature_steady_c, memory_temperature_steady_c;
  Reading<double> memory_over_core_steady_c;  // the memory's, less the core's
  Reading<double> margin_steady_c;
  Reading<double> power_mean_w;
  /// Highest of the time at work: a link may rest while its GPU does.
  Reading<double> pcie_generation, pcie_width;
  Cooling cooling;
  SampledSlowdowns slowdowns;
};

/// The answer to {snapshot: {}}: state and counters of every GPU now, and what happened since the last
/// snapshot.
struct Snapshot {
  NodeReadings readings;
  std::vector<KernelEvent> events;              // cut and counted: event_digest.h
  std::int64_t events_uncounted = 0;            // further ones, on whatever
  std::string kernel_log_missing;               // why there are no events; empty when the log is read
  std::int64_t kernel_log_begin = 0;            // these events are all that was logged from here
  std::int64_t kernel_log_position = 0;         // up to here
  std::map<std::string, SeriesSummary> series;  // by PCI address
};

// The other messages to the sampler, and their answers:
// - {record: {path, hz, parts: {PCI address: part}}} starts the series: {recording: {}} or {failed: {why}}
// - {finish: {}} ends it: {finished: {rows}}

void to_json(nlohmann::json& j, const SamplerStart& start);
void from_json(const nlohmann::json& j, SamplerStart& start);
void to_json(nlohmann::json& j, const Snapshot& snapshot);
void from_json(const nlohmann::json& j, Snapshot& snapshot);

/// The sampler process's main: serves the channel until it closes.
int sampler_main(int fd, const Backend& backend);

}  // namespace assay::telemetry
