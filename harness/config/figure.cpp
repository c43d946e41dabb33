#include "harness/config/figure.h"

#include <fmt/format.h>

namespace assay::config {

double read_figure(Table& root, const std::string& key, Unit unit) {
  auto figure = root.table(key);
  if (!figure) return 0;
  const double value = figure->quantity("value", unit);
  const bool sourced = figure->has("source"), assumed = figure->has("assumed");
  if (sourced == assumed)
    figure->error(fmt::format("'{}' needs either a 'source' or why it is 'assumed'", key));
  if (sourced) figure->text("source");
  if (assumed) figure->text("assumed");
  figure->date("date");
  return value;
}

double read_positive(Table& root, const std::string& key, Unit unit) {
  const double value = read_figure(root, key, unit);
  if (root.has(key) && value <= 0) root.error(key, fmt::format("'{}' must be above 0", key));
  return value;
}

double read_bytes_per_s(Table& root, const std::string& key) {
  constexpr double kBytesPerGb = 1e9;
  return read_positive(root, key, Unit::gb_per_s) * kBytesPerGb;
}

}  // namespace assay::config
