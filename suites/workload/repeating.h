// What checks of workloads share: one is repeated for as long as the profile says, and what came of it
// emitted.
#pragma once

#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/workloads/workload.h"

namespace assay {

/// Repetitions that are made even where the profile gives no time.
inline constexpr int kFewestRepetitions = 6;

/// Emits the three below, and `rate` of `unit` (Unit::per_second or Unit::giga_per_second), of the second
/// half of the time, when the GPU is as warm, and its clock where, as the work makes them. What was found
/// before a DeviceError stands.
void repeat_and_emit(Context& context, workloads::Workload& workload, Unit unit);

/// `rate`, what `items` of a second mean; and wrong_values, other_results and digest.
std::vector<Measure> workload_measures(Unit unit, const std::string& items);

/// For the check's device_seconds: of a workload that holds so many bytes and takes so long a repetition.
double seconds_of_workload(const DeviceSpeed& speed, double held_bytes, double repetition_s,
                           double duration_s);

}  // namespace assay
