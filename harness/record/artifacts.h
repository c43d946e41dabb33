// The contents of OCP Test & Validation 2.0 artifacts, as JSON: what stands under "testStepArtifact" or
// "testRunArtifact".
#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/record/journal.h"

namespace assay::record {

/// Names of our OCP extensions.
inline constexpr const char* kStepExtension = "assay.step";
inline constexpr const char* kErrorExtension = "assay.error";
inline constexpr const char* kEvidenceExtension = "assay.evidence";
inline constexpr const char* kCountersExtension = "assay.counters";
inline constexpr const char* kFindingExtension = "assay.finding";
inline constexpr const char* kVerdictExtension = "assay.verdict";

/// Version of what OCP leaves to us: extensions and metadata. It stands in testRunStart's metadata.
inline constexpr int kSchemaOfExtensions = 1;

/// dutInfo's name of what is no machine.
inline constexpr const char* kSimulatedNodeName = "a simulated node";

/// OCP allows no extension at run level: what a run-level error or warning is in Chinese is said by a message
/// of severity DEBUG behind it that begins so.
inline constexpr const char* kInChinese = "zh-CN: ";

/// What a run-level error without a part is prefixed with.
inline constexpr const char* kRunPrefix = "run";

nlohmann::json schema_version();
nlohmann::json test_run_start(const RunStart& start);
nlohmann::json extension(const char* name, nlohmann::json content);
/// `hardware_ids`: what hardwareInfoId may refer to; other parts stand in the metadata.
nlohmann::json measurement_artifact(const Measurement& measurement, const std::vector<Limit>& limits,
                                    const std::set<std::string>& hardware_ids);
/// OCP allows no extension at run level, so a run-level error carries its part in front of its message.
nlohmann::json run_error_artifact(const Error& error);
nlohmann::json step_error_artifact(const Error& error);
nlohmann::json log_artifact(LogSeverity severity, const std::string& message);
nlohmann::json file_artifact(const File& file);
nlohmann::json counter_mark(const CounterMark& mark);
/// Throws for what is no counter_mark().
CounterMark counter_mark_from(const nlohmann::json& j);

/// "COMPLETE", "ERROR", "SKIP". Status::open has no spelling: std::logic_error.
std::string status_text(Status status);
bool is_allowed(Status status, Result result);

/// Sets hardwareInfoId and subcomponent. False where the part is none of the described hardware.
bool set_part(nlohmann::json& artifact, const Part& part, const std::set<std::string>& hardware_ids);

}  // namespace assay::record
