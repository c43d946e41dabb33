// What the sampler saw over a step, as the step's measurements and errors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/model/phrase.h"
#include "harness/model/run.h"
#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

struct StepTelemetry {
  std::vector<Measurement> measurements;
  std::vector<Error> errors;       // lost GPUs, counters that ran backwards
  std::vector<Evidence> evidence;  // the raw kernel-log lines
};

/// Of one GPU over one step: `before` holds the counters to subtract, by name, `events` all kernel events
/// since then; `log_missing` says why some may be missing; `since` is when they were read, 0 where that is
/// not known. A reading that the driver does not give is left out: it is for the judge to miss it.
StepTelemetry attribute(const Part& gpu, const std::string& pci_address,
                        const std::map<std::string, std::int64_t>& before, const Snapshot& after,
                        const std::vector<KernelEvent>& events, const std::string& log_missing = "",
                        Nanoseconds since = 0);

/// The logged line, with the number of further ones that were only counted.
std::string line_of(const KernelEvent& event);
/// For people: what is known of it, and the line.
Phrase explained(const KernelEvent& event);

const GpuReadings* find_gpu(const NodeReadings& readings, const std::string& pci_address);

}  // namespace assay::telemetry
