// How numbers, times and hashes are written in every report.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/model/run.h"

namespace assay::reports {

/// At most five significant digits, whole numbers in full.
std::string number(double value);

/// As number(), with as many digits as it takes to tell `value` from `reference`: a value of 4399.96 that
/// breaks a limit of 4400 must not read 4400.0.
std::string number_apart(double value, double reference);

std::string value_text(const Value& value);
std::string value_text_apart(const Value& value, const std::optional<Value>& reference);

/// Empty for "1" (a pure number) and "text"; "°C" for "degC".
std::string unit_text(std::string_view unit);
/// "4512.4 GB/s".
std::string with_unit(std::string_view value, std::string_view unit);

/// In one line, whatever its strings hold.
std::string json_text(const nlohmann::json& content);

/// "sha256:0123456789ab" of a longer one.
std::string short_hash(std::string_view hash);

/// "2026-01-15 08:30:00 UTC" of an RFC 3339 time; anything else as it is.
std::string time_text(std::string_view rfc3339);

}  // namespace assay::reports
