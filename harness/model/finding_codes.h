// Finding codes that the judge and the run raise or know themselves. Their texts, like all others, are in
// configs/findings/.
#pragma once

#include "harness/model/run.h"

namespace assay::codes {

inline constexpr const char* check_not_run = "harness.check_not_run";
inline constexpr const char* missing_measurement = "harness.missing_measurement";
inline constexpr const char* undeclared_measurement = "harness.undeclared_measurement";
inline constexpr const char* not_finite = "harness.not_finite";
inline constexpr const char* wrong_unit = "harness.wrong_unit";
inline constexpr const char* no_limit = "harness.no_limit";
inline constexpr const char* telemetry_lost = "harness.telemetry_lost";
/// A worker missed its deadline. Twice on one GPU while its peers finish, it is the device that hangs.
inline constexpr const char* step_timeout = "harness.step_timeout";
/// A worker that the others of its placement waited for never came.
inline constexpr const char* rank_missing = "harness.rank_missing";
inline constexpr const char* device_hung = "device.hung";
inline constexpr const char* foreign_process = "environment.foreign_process";
/// The supervisor itself was stopped or killed. Made up for by a later attempt that was not, unlike all other
/// errors.
inline constexpr const char* interrupted = kInterrupted;

}  // namespace assay::codes
