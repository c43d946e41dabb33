// One table a check, a row a measurement, a column a GPU.
#include "reports/view/measurements.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "reports/format.h"
#include "reports/html/page.h"

namespace assay::reports {
namespace {

std::string row_name(const Labels& labels, const Row& row) {
  const std::string called = labels.name_of_measurement(row.name);
  std::string name = row.subcomponent.empty() ? called : row.subcomponent + "/" + called;
  if (row.occurrence > 0) name += fmt::format(" #{}", row.occurrence + 1);
  return name;
}

void add_row_header(HtmlPage& page, const Row& row) {
  const Element header = page.writer.open("th", {{"scope", "row"}});
  page.name(row_name(page.labels, row));
  const std::string unit = unit_text(row.unit);
  if (unit.empty()) return;
  page.writer.text(" ");
  page.writer.element("span", unit, {{"class", "unit"}});
}

void add_cell(HtmlPage& page, const Row& row, const Cell& cell) {
  Writer& w = page.writer;
  if (cell.missing) return w.element("td", "? " + page.labels(Label::mark_missing), {{"class", "broken"}});
  if (!cell.value) return w.element("td", "-", {{"class", "quiet"}});
  const bool is_text = std::holds_alternative<std::string>(*cell.value);
  const std::string value = value_text_apart(*cell.value, reference_of(row, *cell.value));
  switch (cell.mark) {
    case Mark::outside:
      return w.element("td", "✗ " + value, {{"class", "outside"}});
    case Mark::marginal:
      return w.element("td", "△ " + value, {{"class", "marginal"}});
    case Mark::none:
      return w.element("td", value, {{"class", is_text ? "text" : ""}});
  }
}

/// Identities are mostly the same on all GPUs, and too long for eight columns.
bool is_one_text(const Row& row) {
  if (row.cells.size() < 2 || !row.cells.front().value) return false;
  return std::all_of(row.cells.begin(), row.cells.end(), [&](const Cell& cell) {
    return cell.mark == Mark::none && cell.value == row.cells.front().value &&
           std::holds_alternative<std::string>(*cell.value);
  });
}

void add_limit_cell(HtmlPage& page, const Row& row) {
  const Element cell = page.writer.open("td", {{"class", "limit"}});
  for (const Limit* limit : row.limits) {
    const Element line = page.writer.open("div");
    page.writer.text(limit_text(page.labels, *limit) + " ");
    page.writer.element("small", source_text(page.labels, *limit));
  }
}

void add_row(HtmlPage& page, const Row& row, Origin origin) {
  const Element line = page.writer.open("tr");
  add_row_header(page, row);
  if (is_one_text(row)) {
    const std::string span = std::to_string(row.cells.size());
    const std::string value = value_text(*row.cells.front().value);
    page.writer.element("td", page.labels(Label::all_parts, value), {{"colspan", span}, {"class", "text"}});
  } else {
    for (const Cell& cell : row.cells) add_cell(page, row, cell);
  }
  if (origin == Origin::check) add_limit_cell(page, row);
}

bool is_all_zero(const Row& row) {
  return std::all_of(row.cells.begin(), row.cells.end(), [](const Cell& cell) {
    const double* value = cell.value ? std::get_if<double>(&*cell.value) : nullptr;
    return value != nullptr && *value == 0 && cell.mark == Mark::none;
  });
}

void add_execution(HtmlPage& page, const MeasurementTable& table, const Execution& execution, Origin origin) {
  const Element body = page.writer.open("tbody");
  if (table.executions.size() > 1) {
    const Element line = page.writer.open("tr", {{"class", "execution"}});
    const std::string span = std::to_string(table.columns.size() + (origin == Origin::check ? 2 : 1));
    const std::string place = page.labels(Label::stage_attempt, execution.stage, execution.attempt);
    page.writer.element("th", execution.variant.empty() ? place : execution.variant + " · " + place,
                        {{"colspan", span}, {"scope", "rowgroup"}});
  }
  std::vector<std::string> zeros;
  for (const Row& row : execution.rows) {
    if (origin == Origin::telemetry && is_all_zero(row)) {
      zeros.push_back(row_name(page.labels, row));
    } else {
      add_row(page, row, origin);
    }
  }
  if (zeros.empty()) return;
  const Element line = page.writer.open("tr");
  page.writer.element("th", page.labels(Label::telemetry_zero), {{"scope", "row"}});
  page.writer.element("td", fmt::format("{}", fmt::join(zeros, ", ")),
                      {{"colspan", std::to_string(table.columns.size())}, {"class", "text"}});
}

void add_table(HtmlPage& page, const MeasurementTable& table, Origin origin) {
  page.table(table.check, origin == Origin::check ? "measurements judged" : "measurements", [&] {
    std::vector<std::string> headers{page.labels(Label::measurement)};
    for (const Part& part : table.columns) headers.push_back(part.path());
    if (origin == Origin::check) headers.push_back(page.labels(Label::limit));
    page.column_headers(headers);
    for (const Execution& execution : table.executions) add_execution(page, table, execution, origin);
  });
}

void add_all(HtmlPage& page, std::string_view id, Label title, Origin origin) {
  const auto tables = measurement_tables(page.input, origin);
  if (tables.empty()) return;
  const Labels& labels = page.labels;
  page.section(id, labels(title), [&] {
    page.writer.element(
        "p",
        fmt::format("✗ {}{}△ {}{}? {}", labels(Label::mark_outside), labels(Label::list_comma),
                    labels(Label::mark_marginal), labels(Label::list_comma), labels(Label::mark_missing)),
        {{"class", "legend"}});
    for (const MeasurementTable& table : tables) add_table(page, table, origin);
  });
}

}  // namespace

void add_measurements(HtmlPage& page) {
  add_all(page, "measurements", Label::measurements, Origin::check);
}

void add_telemetry(HtmlPage& page) {
  add_all(page, "telemetry", Label::telemetry, Origin::telemetry);
}

}  // namespace assay::reports
