#include "harness/config/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace assay::config {

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
    case Unit::tflop_per_s:
      return "800 TFLOP/s";
    case Unit::per_second:
      return "12000 1/s";
    case Unit::giga_per_second:
      return "90 G/s";
    case Unit::mebibytes:
      return "143771 MiB";
    case Unit::bytes:
      return "4096 B";
    case Unit::seconds:
      return "5 s";
    case Unit::milliseconds:
      return "20 ms";
    case Unit::microseconds:
      return "1.5 us";
    case Unit::celsius:
      return "24 degC";
    case Unit::celsius_per_watt:
      return "0.01 degC/W";
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
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars takes none
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !std::isfinite(value)) return std::nullopt;
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
  // 0, which is no year, month or day, where it is not all digits.
  const auto number = [&](std::size_t from, std::size_t length) {
    unsigned value = 0;
    const char* const end = text.data() + from + length;
    const auto read = std::from_chars(text.data() + from, end, value);
    return read.ec == std::errc() && read.ptr == end ? value : 0;
  };
  const unsigned year = number(0, 4);
  using namespace std::chrono;
  return year > 0 &&
         year_month_day(std::chrono::year(static_cast<int>(year)), month(number(5, 2)), day(number(8, 2)))
             .ok();
}

}  // namespace assay::config
