// collective.correctness as drills run it too: with somebody who meddles.
#pragma once

#include "suites/collective/trial.h"

namespace assay::collective {

/// What it measures and the findings that its limits lead to are those of the check.
std::vector<Measure> measures_of_correctness();
std::vector<FindingCode> findings_of_correctness();
/// Throws DeviceError.
void run_correctness(Context& context, Meddling* meddling = nullptr, const Deadlines& deadlines = {});

}  // namespace assay::collective
