// Quantities as configuration files spell them: "3800 GB/s", "5 s", "24 degC".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/model/units.h"

namespace assay::config {

struct Quantity {
  double value = 0;
  Unit unit = Unit::count;
};

/// A finite decimal number and nothing else.
std::optional<double> parse_number(std::string_view text);

/// What `text` is, where a quantity in `expected` is wanted; otherwise `error` says what is wrong with it.
std::optional<double> parse_quantity(std::string_view text, Unit expected, std::string& error);

/// A quantity in whatever unit it states.
std::optional<Quantity> parse_quantity(std::string_view text);

/// A quantity in this unit, as one would be written: "3800 GB/s".
std::string_view example(Unit unit);

/// A date of the calendar, YYYY-MM-DD.
bool is_date(std::string_view text);

}  // namespace assay::config
