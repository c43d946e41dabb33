// Why the management library gave no value, and what that means for the verdict: one table for everything
// that is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/model/part.h"

namespace assay {

struct MissingMeaning {
  const char* why;              // as a Reading has it: "no_permission" (node/nvml_result.h)
  const char *words, *chinese;  // for people
  const char* code;             // of the finding
  /// The device's or its driver's own word against the part, whatever was asked for. Of the others the
  /// finding is made where the value is required.
  bool always_counts;
};

/// Of a reason that the table lacks: that the reading failed.
const MissingMeaning& meaning_of_missing(std::string_view why);

/// Why there is no count of Xids.
inline constexpr const char* kLogMissing = "kernel_log";

/// A measurement that has no value, and why.
struct MissingReading {
  Part part;
  std::string measurement;
  std::string why;
};
void to_json(nlohmann::json& j, const MissingReading& reading);
void from_json(const nlohmann::json& j, MissingReading& reading);

/// A step keeps them as evidence of this name: {"readings": [MissingReading, ...]}.
inline constexpr const char* kMissingReadings = "missing_readings";

}  // namespace assay
