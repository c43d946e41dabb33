// What the sampler measures of every step: the counters' deltas over it, kernel-log events, summaries of its
// series.
#pragma once

#include <string>
#include <vector>

#include "harness/model/declaration.h"

namespace assay {

/// The name under which these measures stand in limits and requirements, beside the checks' names.
inline constexpr const char* kTelemetryCheck = "telemetry";

/// Measures of each GPU over each step.
const std::vector<Measure>& telemetry_measures();
/// Codes that limits of them can lead to.
const std::vector<FindingCode>& telemetry_findings();

}  // namespace assay
