// What the sample runs are made of: a complete healthy run, and the pieces that a scenario changes.
#pragma once

#include <string>

#include "reports/testing/sample_run.h"

namespace assay::reports::samples {

inline constexpr int kGpus = 8;

/// All checks passed on all GPUs; with `without`, nothing was found in that slot and nothing ran there.
SampleRun base_run(int without = -1);

Step& step(SampleRun& sample, const std::string& check, const Part& part);
CheckOutcome& outcome(SampleRun& sample, const std::string& check, const Part& part);
Measurement measured(const Part& part, const char* name, Value value, const char* unit,
                     const char* source = "check");

Finding finding(const char* code, FindingClass cls, Severity severity, const char* check, Part part,
                Action action);
/// Evidence that is a value against a limit.
EvidenceItem compared(const char* step_id, const char* measurement, Value value, Value limit,
                      const char* unit, const char* relation, const char* source);
/// Evidence that is no measurement.
EvidenceItem told(const std::string& step_id, const Part& part, const char* detail);

}  // namespace assay::reports::samples
