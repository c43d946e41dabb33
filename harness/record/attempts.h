// Attempts and measurements. A step that was interrupted has measured nothing to its end: the attempt that
// makes up for it is the same measurement again, with the same data, and what it owed is still owed.
#pragma once

#include <vector>

#include "harness/record/run_record.h"

namespace assay::record {

/// Ended from outside, by a kill or by Ctrl-C, or never ended.
bool was_interrupted(const Step& step);

/// Which measurement of its check on its part at its stage each step is, from 1, in the order of run.steps.
std::vector<int> measurement_numbers(const Run& run);

/// How many measurements at this stage and part came to an end of their own, whatever the end.
int measurements_made(const Run& run, int stage, const Part& part);

/// 0: none.
int last_attempt(const Run& run, int stage, const Part& part);

/// `later` did what `step`, which was interrupted, left undone. Looks at telemetry make up for one another
/// wherever they stand.
bool makes_up_for(const Run& run, const Step& later, const Step& step);

/// The same run without its repeats: what was known when it was decided what has to be repeated.
Run first_measurements(const Run& run);

}  // namespace assay::record
