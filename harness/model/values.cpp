#include "harness/model/values.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "harness/base/hex.h"
#include "harness/base/parse_json.h"
#include "harness/model/units.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kExactIntegers = std::int64_t{1} << 53;
constexpr const char* kNan = "NaN";
constexpr const char* kInfinity = "Infinity";
constexpr const char* kMinusInfinity = "-Infinity";

json number_to_json(double number) {
  if (std::isnan(number)) return kNan;
  if (std::isinf(number)) return number > 0 ? kInfinity : kMinusInfinity;
  return number;
}

}  // namespace

json value_to_json(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return number_to_json(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return std::get<bool>(value);
}

Value value_from_json(const json& j, const std::string& unit) {
  if (j.is_boolean()) return j.get<bool>();
  if (j.is_number()) return j.get<double>();
  if (!j.is_string())
    throw std::invalid_argument(std::string("a value cannot be of the JSON type ") + j.type_name());
  const auto text = j.get<std::string>();
  if (unit != symbol(Unit::text)) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (text == kNan) return std::numeric_limits<double>::quiet_NaN();
    if (text == kInfinity) return infinity;
    if (text == kMinusInfinity) return -infinity;
  }
  return text;
}

json portable(const json& j) {
  if (j.is_number_float()) return number_to_json(j.get<double>());
  if (j.is_number_unsigned()) {
    const auto number = j.get<std::uint64_t>();
    return number <= kExactIntegers ? j : json(fmt::format("{:#018x}", number));
  }
  if (j.is_number_integer()) {
    const auto number = j.get<std::int64_t>();
    return number >= -kExactIntegers && number <= kExactIntegers ? j : json(fmt::format("{:#x}", number));
  }
  if (!j.is_structured()) return j;
  json copy = j;
  for (json& item : copy) item = portable(item);
  return copy;
}

std::int64_t integer_from_portable(const json& j) {
  if (!j.is_string()) return int64_from(j);
  const auto text = j.get<std::string>();
  const bool negative = text.rfind('-', 0) == 0;
  const std::uint64_t magnitude = number_from_hex(std::string_view(text).substr(negative ? 1 : 0));
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMost + (negative ? 1 : 0)) throw std::invalid_argument(text + " is beyond 64 bits");
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

std::string hexadecimal(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

}  // namespace assay
