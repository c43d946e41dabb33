// A row a slot: what became of each check, and the figures that have a floor.
#include <algorithm>

#include "harness/model/grade.h"
#include "reports/format.h"
#include "reports/text/page.h"
#include "reports/text/width.h"
#include "reports/view/matrix.h"
#include "reports/view/measurements.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

std::string style_of(const TextPage& page, Outcome outcome) {
  switch (outcome) {
    case Outcome::fail:
      return page.styles.bad;
    case Outcome::error:
    case Outcome::undecided:
    case Outcome::not_run:
    case Outcome::open:
      return page.styles.caution;
    default:
      return {};
  }
}

void add_checks(TextPage& page) {
  const Labels& labels = page.labels;
  const Matrix matrix = matrix_of(page.input);
  TextTable table;
  table.header = {labels(Label::part), labels(Label::serial), labels(Label::pci_address)};
  table.header.insert(table.header.end(), matrix.checks.begin(), matrix.checks.end());
  for (const Part& part : matrix.parts) {
    const PlannedSlot* slot = part == part.unit() ? slot_of(page.input.run.plan, part) : nullptr;
    std::vector<TextCell> row{{part.path(), ""}};
    if (slot == nullptr) {
      row.insert(row.end(), {{"", ""}, {"", ""}});
    } else if (!was_found(*slot)) {
      row.insert(row.end(), {{labels(Label::not_found), page.styles.bad}, {"", ""}});
    } else {
      row.insert(row.end(), {{slot->serial, ""}, {slot->pci_address, ""}});
    }
    for (const std::string& check : matrix.checks) {
      const Outcome outcome = matrix.at(part, check);
      row.push_back({name_of(labels, outcome), style_of(page, outcome)});
    }
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) return;
  page.heading(labels(Label::checks_by_part));
  page.table(table);
}

/// A figure with a floor is what people compare nodes by; flags and counters only matter when they are wrong.
/// What a step says again of the same parts, as each of several ranks on a GPU does: shown once, unless it
/// differs.
bool says_nothing_new(const Row& row, const Execution& execution) {
  if (row.occurrence == 0) return false;
  return std::any_of(execution.rows.begin(), execution.rows.end(), [&](const Row& first) {
    return first.occurrence == 0 && first.name == row.name && first.subcomponent == row.subcomponent &&
           std::equal(first.cells.begin(), first.cells.end(), row.cells.begin(), row.cells.end(),
                      [](const Cell& a, const Cell& b) { return a.value == b.value && a.mark == b.mark; });
  });
}

bool is_key(const Row& row) {
  return std::any_of(row.limits.begin(), row.limits.end(), [](const Limit* limit) {
    return limit->kind == LimitKind::min || limit->kind == LimitKind::peer_ratio;
  });
}

TextCell cell_of(const TextPage& page, const Row& row, const Cell& cell) {
  if (cell.missing) return {page.labels(Label::mark_missing), page.styles.caution};
  if (!cell.value) return {"-", ""};
  const std::string value = value_text_apart(*cell.value, reference_of(row, *cell.value));
  if (cell.mark == Mark::outside) return {"!! " + value, page.styles.bad};
  if (cell.mark == Mark::marginal) return {"~ " + value, page.styles.caution};
  return {value, ""};
}

struct KeyColumn {
  const MeasurementTable* table;
  const Execution* execution;
  const Row* row;
};

std::vector<KeyColumn> key_columns(const std::vector<MeasurementTable>& tables) {
  std::vector<KeyColumn> columns;
  for (const MeasurementTable& table : tables) {
    for (const Execution& execution : table.executions) {
      for (const Row& row : execution.rows) {
        if (is_key(row) && !says_nothing_new(row, execution)) columns.push_back({&table, &execution, &row});
      }
    }
  }
  return columns;
}

TextCell limit_cell(const TextPage& page, const Row& row) {
  for (const Limit* limit : row.limits) {
    if (limit->kind == LimitKind::min) {
      return {relation_text(page.labels, "min") + " " + value_text(bound_of(*limit)), ""};
    }
  }
  return {"", ""};
}

void add_key_measurements(TextPage& page) {
  const auto tables = measurement_tables(page.input, Origin::check);
  const auto columns = key_columns(tables);
  if (columns.empty()) return;
  TextTable table;
  table.header = {page.labels(Label::part)};
  table.right_aligned = {false};
  std::vector<Part> parts;
  for (const KeyColumn& column : columns) {
    std::string header = column.row->name + " " + unit_text(column.row->unit);
    const std::string& of = column.row->subcomponent;  // "socket1", one of several
    if (!of.empty() && of.back() >= '0' && of.back() <= '9') header = of + " " + header;
    if (!column.execution->variant.empty()) header = column.execution->variant + " " + header;
    if (column.execution->attempt > 1) header += fmt::format(" #{}", column.execution->attempt);
    table.header.push_back(header);
    table.right_aligned.push_back(true);
    for (const Part& part : column.table->columns) {
      if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
    }
  }
  for (const Part& part : parts) {
    std::vector<TextCell> row{{part.path(), ""}};
    for (const KeyColumn& column : columns) {
      const auto& known = column.table->columns;
      const auto place = std::find(known.begin(), known.end(), part);
      const Cell cell = place == known.end() ? Cell{} : column.row->cells[place - known.begin()];
      row.push_back(cell_of(page, *column.row, cell));
    }
    table.rows.push_back(std::move(row));
  }
  std::vector<TextCell> limits{{page.labels(Label::limit), ""}};
  for (const KeyColumn& column : columns) limits.push_back(limit_cell(page, *column.row));
  table.rows.push_back(std::move(limits));

  page.heading(page.labels(Label::key_measurements));
  page.table(table);
  page.line({{fmt::format("{}{}!! {}{}~ {}", page.labels(Label::legend), page.labels(Label::colon),
                          page.labels(Label::mark_outside), page.labels(Label::list_comma),
                          page.labels(Label::mark_marginal)),
              ""}});
}

}  // namespace

void add_text_tables(TextPage& page) {
  add_checks(page);
  add_key_measurements(page);
}

}  // namespace assay::reports
