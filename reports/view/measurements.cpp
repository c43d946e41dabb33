#include "reports/view/measurements.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "harness/units.h"

namespace assay::reports {
namespace {

bool is_telemetry(const record::Measurement& measurement) {
  return measurement.source == "telemetry";
}

bool belongs(const record::Measurement& measurement, Origin origin) {
  return is_telemetry(measurement) == (origin == Origin::telemetry);
}

/// Peer comparisons are known by the finding that cites the value.
Mark cited_mark(const Input& input, const record::Step& step, const record::Measurement& measurement) {
  Mark mark = Mark::none;
  for (const verdict::Finding& finding : input.judgement.findings) {
    for (const verdict::EvidenceItem& item : finding.evidence) {
      const Part& part = item.part.empty() ? finding.part : item.part;
      const bool cited = item.step == step.id && item.measurement == measurement.name && item.value &&
                         unit_of(part) == unit_of(measurement.part) && *item.value == measurement.value;
      if (!cited) continue;
      mark = std::max(mark, finding.severity == verdict::Severity::marginal ? Mark::marginal : Mark::outside);
    }
  }
  return mark;
}

Cell cell_of(const Input& input, const record::Step& step, const record::Measurement& measurement,
             const Row& row) {
  Cell cell{measurement.value, cited_mark(input, step, measurement)};
  for (const Limit* limit : row.limits) {
    cell.mark = std::max(cell.mark, mark_of(*limit, measurement.value, measurement.unit));
  }
  return cell;
}

std::size_t column_of(const MeasurementTable& table, std::string_view part) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), unit_of(part));
  return static_cast<std::size_t>(found - table.columns.begin());
}

std::vector<Part> columns_of(const Input& input, const std::vector<const record::Step*>& steps,
                             Origin origin) {
  std::vector<Part> gpus, others;
  bool any_gpu = false;
  for (const PlannedSlot& slot : input.run.plan.slots) gpus.push_back(slot.part);
  for (const record::Step* step : steps) {
    for (const record::Measurement& measurement : step->measurements) {
      if (!belongs(measurement, origin)) continue;
      const Part unit(unit_of(measurement.part));
      if (std::find(gpus.begin(), gpus.end(), unit) != gpus.end()) {
        any_gpu = true;
      } else if (std::find(others.begin(), others.end(), unit) == others.end()) {
        others.push_back(unit);
      }
    }
  }
  if (!any_gpu) return others;
  gpus.insert(gpus.end(), others.begin(), others.end());
  return gpus;
}

Execution& execution_of(MeasurementTable& table, const record::Step& step) {
  const auto same = [&](const Execution& e) { return e.stage == step.stage && e.attempt == step.attempt; };
  const auto found = std::find_if(table.executions.begin(), table.executions.end(), same);
  if (found != table.executions.end()) return *found;
  const auto place = std::find_if(table.executions.begin(), table.executions.end(), [&](const Execution& e) {
    return std::tie(e.stage, e.attempt) > std::tie(step.stage, step.attempt);
  });
  return *table.executions.insert(place, Execution{step.stage, step.attempt, {}});
}

Row& row_of(const Input& input, MeasurementTable& table, Execution& execution, const Row& wanted) {
  const auto same = [&](const Row& row) {
    return std::tie(row.name, row.subcomponent, row.unit, row.occurrence) ==
           std::tie(wanted.name, wanted.subcomponent, wanted.unit, wanted.occurrence);
  };
  const auto found = std::find_if(execution.rows.begin(), execution.rows.end(), same);
  if (found != execution.rows.end()) return *found;
  Row row = wanted;
  row.cells.resize(table.columns.size());
  row.limits = limits_of(input.criteria, table.check, wanted.name);
  return execution.rows.emplace_back(std::move(row));
}

void add_step(const Input& input, MeasurementTable& table, const record::Step& step, Origin origin) {
  std::map<std::pair<std::string, Part>, int> seen;
  for (const record::Measurement& measurement : step.measurements) {
    if (!belongs(measurement, origin)) continue;
    const int occurrence = seen[{measurement.name, measurement.part}]++;
    Row& row = row_of(
        input, table, execution_of(table, step),
        {measurement.name, std::string(subcomponent_of(measurement.part)), measurement.unit, occurrence});
    row.cells.at(column_of(table, measurement.part)) = cell_of(input, step, measurement, row);
  }
}

bool measured_anywhere(const MeasurementTable& table, const RequiredMeasure& measure, std::size_t column) {
  for (const Execution& execution : table.executions) {
    for (const Row& row : execution.rows) {
      if (row.name == measure.name && row.cells.at(column).value) return true;
    }
  }
  return false;
}

void add_missing(const Input& input, MeasurementTable& table) {
  for (const RequiredCheck& required : input.criteria.required) {
    if (required.check != table.check || table.executions.empty()) continue;
    for (const Part& part : required.measured_parts) {
      const std::size_t column = column_of(table, part);
      if (column == table.columns.size()) continue;
      for (const RequiredMeasure& measure : required.measures) {
        if (!measure.judged || measured_anywhere(table, measure, column)) continue;
        Row& row = row_of(input, table, table.executions.front(),
                          {measure.name, measure.subcomponent, std::string(symbol(measure.unit))});
        row.cells.at(column).missing = true;
      }
    }
  }
}

}  // namespace

std::vector<MeasurementTable> measurement_tables(const Input& input, Origin origin) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const record::Step*>> steps_by_check;
  for (const record::Step& step : input.run.steps) {
    const bool any = std::any_of(step.measurements.begin(), step.measurements.end(),
                                 [&](const record::Measurement& m) { return belongs(m, origin); });
    if (!any) continue;
    auto& steps = steps_by_check[step.check];
    if (steps.empty()) order.push_back(step.check);
    steps.push_back(&step);
  }

  std::vector<MeasurementTable> tables;
  for (const std::string& check : order) {
    MeasurementTable table{check, columns_of(input, steps_by_check[check], origin), {}};
    for (const record::Step* step : steps_by_check[check]) add_step(input, table, *step, origin);
    if (origin == Origin::check) add_missing(input, table);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::optional<record::Value> reference_of(const Row& row, const record::Value& value) {
  const double* numeric = std::get_if<double>(&value);
  if (numeric == nullptr) return std::nullopt;
  std::optional<double> nearest;
  const auto consider = [&](double bound) {
    if (!nearest || std::fabs(*numeric - bound) < std::fabs(*numeric - *nearest)) nearest = bound;
  };
  for (const Limit* limit : row.limits) {
    if (limit->kind == LimitKind::peer_equal || limit->kind == LimitKind::peer_ratio) continue;
    if (const double* bound = std::get_if<double>(&limit->bound)) consider(*bound);
    if (limit->marginal_bound) consider(*limit->marginal_bound);
  }
  if (!nearest) return std::nullopt;
  return record::Value(*nearest);
}

}  // namespace assay::reports
