// Up to where counters and the kernel log have been attributed to steps: kept in the run's folder, so that
// what happens between the death of a run and its resumption is attributed to the next step and not lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

struct Baseline {
  NodeReadings readings;
  std::vector<KernelEvent> pending;  // seen, and not yet attributed
  std::int64_t kernel_log_position = KernelLog::kFromEnd;
};

/// Where a run begins: at its first snapshot.
Baseline baseline_of(const Snapshot& snapshot);

/// Throws std::runtime_error.
void save_baseline(const std::string& path, const Baseline& baseline);

/// What save_baseline() wrote since this machine was booted. Nothing where there is none: counters and log
/// began anew.
std::optional<Baseline> load_baseline(const std::string& path);

}  // namespace assay::telemetry
