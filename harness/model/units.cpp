#include "harness/model/units.h"

#include <array>
#include <utility>

namespace assay {
namespace {

constexpr std::array<std::pair<Unit, std::string_view>, 17> kSymbols{{
    {Unit::count, "1"},
    {Unit::text, "text"},
    {Unit::ratio, "ratio"},
    {Unit::gb_per_s, "GB/s"},
    {Unit::tflop_per_s, "TFLOP/s"},
    {Unit::per_second, "1/s"},
    {Unit::giga_per_second, "G/s"},
    {Unit::mebibytes, "MiB"},
    {Unit::bytes, "B"},
    {Unit::seconds, "s"},
    {Unit::milliseconds, "ms"},
    {Unit::microseconds, "us"},
    {Unit::celsius, "degC"},
    {Unit::celsius_per_watt, "degC/W"},
    {Unit::watts, "W"},
    {Unit::megahertz, "MHz"},
    {Unit::gt_per_s, "GT/s"},
}};

}  // namespace

std::string_view symbol(Unit unit) {
  for (const auto& [candidate, text] : kSymbols) {
    if (candidate == unit) return text;
  }
  return "?";
}

std::optional<Unit> unit_from_symbol(std::string_view symbol) {
  for (const auto& [unit, text] : kSymbols) {
    if (text == symbol) return unit;
  }
  return std::nullopt;
}

}  // namespace assay
