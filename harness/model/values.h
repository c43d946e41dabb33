// Values on their way into JSON and back. JSON has no NaN and no infinities, and most readers bend integers
// beyond 2^53.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "harness/model/run.h"

namespace assay {

/// A JSON number, string or boolean; "NaN", "Infinity" and "-Infinity" for what JSON cannot say.
nlohmann::json value_to_json(const Value& value);

/// The reverse. In the unit "text" the word NaN is a word. Throws std::invalid_argument for arrays, objects
/// and null.
Value value_from_json(const nlohmann::json& j, const std::string& unit);

/// The same JSON with non-finite numbers as above and integers beyond 2^53 as hexadecimal text ("0x...").
nlohmann::json portable(const nlohmann::json& j);

/// Sixteen digits, as digests are shown.
std::string hexadecimal(std::uint64_t value);

/// An integer that portable() wrote. Throws for anything else.
std::int64_t integer_from_portable(const nlohmann::json& j);

}  // namespace assay
