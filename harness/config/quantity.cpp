#include "harness/config/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>

namespace assay::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view example(Unit unit) {
  switch (unit) {
    case Unit::count:
      return "8";
    case Unit::text:
      return "NVIDIA H200";
    case Unit::ratio:
      return "0.97 ratio";
    case Unit::gb_per_s:
      return "3800 GB/s";
    case Unit::mebibytes:
      return "143771 MiB";
    case Unit::bytes:
      return "4096 B";
    case Unit::seconds:
      return "5 s";
    case Unit::milliseconds:
      return "20 ms";
    case Unit::celsius:
      return "24 degC";
    case Unit::watts:
      return "700 W";
    case Unit::megahertz:
      return "1980 MHz";
    case Unit::gt_per_s:
      return "32 GT/s";
  }
  return "?";
}

std::optional<double> parse_number(std::string_view text) {
  const bool decimal = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
  });
  if (!decimal) return std::nullopt;
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  double value = 0;
  if (!(in >> value) || !in.eof() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Quantity> parse_quantity(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto value = parse_number(text.substr(0, space));
  const auto unit = unit_from_symbol(text.substr(space + 1));
  if (!value || !unit || *unit == Unit::count || *unit == Unit::text) return std::nullopt;
  return Quantity{*value, *unit};
}

std::optional<double> parse_quantity(std::string_view text, Unit expected, std::string& error) {
  const std::size_t space = text.find(' ');
  const auto value = parse_number(text.substr(0, space));
  const std::string wanted =
      fmt::format("{} is expected, such as \"{}\"", symbol(expected), example(expected));
  if (!value) {
    error = fmt::format("\"{}\" does not begin with a number and one space: {}", text, wanted);
  } else if (space == std::string_view::npos) {
    error = fmt::format("\"{}\" has no unit: {}", text, wanted);
  } else if (text.substr(space + 1) != symbol(expected)) {
    error = fmt::format("\"{}\" is in '{}': {}", text, text.substr(space + 1), wanted);
  } else {
    return value;
  }
  return std::nullopt;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t from, std::size_t length) {
    int value = 0;
    for (const char c : text.substr(from, length))
      value = is_digit(c) && value >= 0 ? value * 10 + (c - '0') : -1;
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace assay::config
