#include "reports/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace assay::reports {
namespace {

constexpr int kSignificantDigits = 5;
constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53
constexpr double kSmallestFixed = 1e-4;

bool is_whole(double value) {
  return std::fabs(value) <= kLargestExactInteger && std::trunc(value) == value;
}

std::string with_digits(double value, int significant) {
  const double size = std::fabs(value);
  if (size < kSmallestFixed || size > kLargestExactInteger)
    return fmt::format("{:.{}e}", value, significant - 1);
  const int decimals = significant - 1 - static_cast<int>(std::floor(std::log10(size)));
  return fmt::format("{:.{}f}", value, std::max(decimals, 0));
}

}  // namespace

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (is_whole(value)) return fmt::format("{:.0f}", value);
  const std::string fixed = with_digits(value, kSignificantDigits);
  const std::string shortest = fmt::format("{}", value);  // 0.95, not 0.95000
  return shortest.size() < fixed.size() ? shortest : fixed;
}

std::string number_apart(double value, double reference) {
  if (!std::isfinite(value) || !std::isfinite(reference) || is_whole(value) || value == reference)
    return number(value);
  constexpr int kEnoughForAnyDouble = 17;
  for (int digits = kSignificantDigits; digits < kEnoughForAnyDouble; ++digits) {
    std::string text = with_digits(value, digits);
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    if (read != reference) return text;
  }
  return with_digits(value, kEnoughForAnyDouble);
}

std::string value_text(const Value& value) {
  return value_text_apart(value, std::nullopt);
}

std::string value_text_apart(const Value& value, const std::optional<Value>& reference) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const double numeric = std::get<double>(value);
  const auto* other = reference ? std::get_if<double>(&*reference) : nullptr;
  return other ? number_apart(numeric, *other) : number(numeric);
}

std::string unit_text(std::string_view unit) {
  if (unit == "1" || unit == "text") return {};
  if (unit == "degC") return "°C";
  if (unit == "us") return "µs";
  return std::string(unit);
}

std::string with_unit(std::string_view value, std::string_view unit) {
  const std::string shown = unit_text(unit);
  return shown.empty() ? std::string(value) : fmt::format("{} {}", value, shown);
}

std::string json_text(const nlohmann::json& content) {
  return content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string short_hash(std::string_view hash) {
  constexpr std::size_t kDigits = 12;
  const auto colon = hash.find(':');
  const std::size_t prefix = colon == std::string_view::npos ? 0 : colon + 1;
  return std::string(hash.substr(0, prefix + kDigits));
}

std::string time_text(std::string_view rfc3339) {
  constexpr std::size_t kToSeconds = 19;  // "2026-01-15T08:30:00"
  if (rfc3339.size() <= kToSeconds || rfc3339[10] != 'T') return std::string(rfc3339);
  std::size_t zone = kToSeconds;
  if (rfc3339[zone] == '.') zone = rfc3339.find_first_not_of("0123456789", zone + 1);
  const std::string_view offset = zone == std::string_view::npos ? std::string_view{} : rfc3339.substr(zone);
  const bool utc = offset == "Z" || offset == "+00:00";
  return fmt::format("{} {} {}", rfc3339.substr(0, 10), rfc3339.substr(11, 8), utc ? "UTC" : offset);
}

}  // namespace assay::reports
