#include "reports/view/pair_tables.h"

#include <algorithm>
#include <cmath>

#include "harness/model/quantile.h"

namespace assay::reports {
namespace {

using nlohmann::json;

constexpr std::size_t kMostParts = 64;

std::optional<std::string> text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::vector<std::optional<double>>> row_of(const json& row, std::size_t length) {
  if (!row.is_array() || row.size() != length) return std::nullopt;
  std::vector<std::optional<double>> values;
  for (const json& cell : row) {
    if (!cell.is_null() && !(cell.is_number() && std::isfinite(cell.get<double>()))) return std::nullopt;
    values.push_back(cell.is_null() ? std::nullopt : std::optional(cell.get<double>()));
  }
  return values;
}

std::optional<PairTable> table_of(const std::string& check, const json& content) {
  if (!content.is_object()) return std::nullopt;
  const auto of = text_in(content, "of"), unit = text_in(content, "unit"),
             better = text_in(content, "better");
  const auto parts = content.find("parts"), rows = content.find("rows");
  if (!of || !unit || !better || parts == content.end() || rows == content.end()) return std::nullopt;
  if (!parts->is_array() || !rows->is_array() || parts->empty() || parts->size() > kMostParts ||
      rows->size() != parts->size())
    return std::nullopt;
  PairTable table{.check = check, .of = *of, .unit = *unit, .more_is_better = *better == "more"};
  std::vector<double> all;
  for (const json& part : *parts) {
    if (!part.is_string()) return std::nullopt;
    table.parts.push_back(part.get<std::string>());
  }
  for (const json& row : *rows) {
    auto values = row_of(row, parts->size());
    if (!values) return std::nullopt;
    for (const auto& value : *values) {
      if (value) all.push_back(*value);
    }
    table.rows.push_back(std::move(*values));
  }
  if (all.empty()) return std::nullopt;
  table.middle = median(all);
  return table;
}

}  // namespace

double PairTable::badness(double value) const {
  if (more_is_better ? value >= middle : value <= middle) return 0;
  const double good = more_is_better ? middle : value, bad = more_is_better ? value : middle;
  return std::clamp(2 * (1 - bad / good), 0.0, 1.0);
}

bool is_pairs(const Evidence& evidence) {
  return evidence.name == "pairs" && evidence.content.is_array() &&
         std::all_of(evidence.content.begin(), evidence.content.end(),
                     [](const json& content) { return table_of("", content).has_value(); });
}

std::vector<PairTable> pair_tables_of(const RunRecord& run) {
  std::vector<PairTable> tables;
  for (const Step& step : run.steps) {
    for (const Evidence& evidence : step.evidence) {
      if (!is_pairs(evidence)) continue;
      for (const json& content : evidence.content) tables.push_back(*table_of(step.check, content));
    }
  }
  return tables;
}

}  // namespace assay::reports
