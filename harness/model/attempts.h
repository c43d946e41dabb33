// Attempts and measurements. A step that was interrupted has measured nothing to its end: the attempt that
// makes up for it is the same measurement again, with the same data, and what it owed is still owed.
#pragma once

#include <vector>

#include "harness/model/run.h"

namespace assay {

/// Ended from outside, by a kill or by Ctrl-C, or never ended.
bool was_interrupted(const Step& step);

/// Which measurement of its task each step is, from 1, in the order of run.steps.
std::vector<int> measurement_numbers(const RunRecord& run);

/// How many measurements of this task came to an end of their own, whatever the end.
int measurements_made(const RunRecord& run, const Task& task);

/// 0: none.
int last_attempt(const RunRecord& run, const Task& task);

/// `later` did what `step`, which was interrupted, left undone. Looks at telemetry make up for one another
/// wherever they stand.
bool makes_up_for(const RunRecord& run, const Step& later, const Step& step);

/// The same run without its repeats: what was known when it was decided what has to be repeated.
RunRecord first_measurements(const RunRecord& run);

}  // namespace assay
