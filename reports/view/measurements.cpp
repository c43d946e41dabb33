#include "reports/view/measurements.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "harness/model/grade.h"
#include "harness/model/units.h"
#include "harness/model/whole_node.h"
#include "reports/view/pair_tables.h"

namespace assay::reports {
namespace {

bool is_telemetry(const Measurement& measurement) {
  return measurement.source == "telemetry";
}

bool belongs(const Measurement& measurement, Origin origin) {
  return is_telemetry(measurement) == (origin == Origin::telemetry);
}

// Units beside the SKU's slots: far more than any node has. What is left out is a finding, for nobody expects
// it.
constexpr std::size_t kMostOtherUnits = 64;

bool is_no_number(const Value& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && std::isnan(*number);
}

/// Values that findings cite: peer comparisons are known by nothing else.
class Citations {
 public:
  explicit Citations(const Judgement& judgement) {
    for (const Finding& finding : judgement.findings) {
      const bool marginal = finding.severity == Severity::marginal;
      for (const EvidenceItem& item : finding.evidence) {
        if (!item.value || is_no_number(*item.value)) continue;
        const Part& part = item.part.empty() ? finding.part : item.part;
        Mark& mark = marks_[{item.step, item.measurement, part.unit(), *item.value}];
        mark = std::max(mark, marginal ? Mark::marginal : Mark::outside);
      }
    }
  }

  Mark of(const Step& step, const Measurement& m) const {
    if (is_no_number(m.value)) return Mark::none;
    const auto found = marks_.find({step.id, m.name, m.part.unit(), m.value});
    return found == marks_.end() ? Mark::none : found->second;
  }

 private:
  std::map<std::tuple<std::string, std::string, Part, Value>, Mark> marks_;
};

std::vector<Part> columns_of(const Input& input, const std::vector<const Step*>& steps, Origin origin) {
  std::vector<Part> gpus, others;
  bool any_gpu = false;
  for (const PlannedSlot& slot : input.run.plan.slots) gpus.push_back(slot.part);
  for (const Step* step : steps) {
    for (const Measurement& measurement : step->measurements) {
      if (!belongs(measurement, origin)) continue;
      const Part unit = measurement.part.unit();
      if (std::find(gpus.begin(), gpus.end(), unit) != gpus.end()) {
        any_gpu = true;
      } else if (others.size() < kMostOtherUnits &&
                 std::find(others.begin(), others.end(), unit) == others.end()) {
        others.push_back(unit);
      }
    }
  }
  if (!any_gpu) return others;
  gpus.insert(gpus.end(), others.begin(), others.end());
  return gpus;
}

/// A table that grows step by step. Rows and executions are found by key: a check may have repeated itself,
/// or one of its values, thousands of times.
class TableInMaking {
 public:
  TableInMaking(const Input& input, const Citations& citations, std::string check, std::vector<Part> columns)
      : input_(input), citations_(citations), check_(std::move(check)), columns_(std::move(columns)) {}

  void add_step(const Step& step, Origin origin) {
    std::map<std::pair<std::string, Part>, int> seen;
    for (const Measurement& measurement : step.measurements) {
      if (!belongs(measurement, origin)) continue;
      const std::size_t column = column_of(measurement.part);
      if (column == columns_.size()) continue;
      const int occurrence = seen[{measurement.name, measurement.part}]++;
      Execution& execution = executions_[{step.stage, step.attempt}];
      execution.stage = step.stage;
      execution.attempt = step.attempt;
      execution.check = step.check;
      execution.variant = step.variant;
      Row& row = row_of(execution,
                        {measurement.name, measurement.part.subcomponent(), measurement.unit, occurrence});
      row.cells.at(column) = cell_of(step, measurement, row);
      measured_.emplace(measurement.name, column);
      if (origin == Origin::check && occurrence == 0) add_per_watt(step, measurement, column);
    }
  }

  void add_missing() {
    for (const RequiredCheck& required : input_.criteria.required) {
      if (required.check != check_ || executions_.empty()) continue;
      for (const RequiredMeasure& measure : required.measures) {
        if (measure.numbered || measure.may_lack) continue;  // none is asked for
        // What is asked of the node alone is not missing on its GPUs.
        for (const Part& part : measure.parts.empty() ? required.measured_parts : measure.parts) {
          const std::size_t column = column_of(part);
          if (column == columns_.size()) continue;
          if (!measure.judged || measured_.count({measure.name, column}) != 0) continue;
          Row& row = row_of(executions_.begin()->second,
                            {measure.name, measure.subcomponent, std::string(symbol(measure.unit))});
          row.cells.at(column).missing = true;
        }
      }
    }
  }

  MeasurementTable finish() {
    MeasurementTable table{check_, columns_, {}};
    for (auto& [key, execution] : executions_) table.executions.push_back(std::move(execution));
    return table;
  }

 private:
  using RowKey = std::tuple<int, int, std::string, std::string, std::string, int>;

  std::size_t column_of(const Part& part) const {
    const auto found = std::find(columns_.begin(), columns_.end(), part.unit());
    return static_cast<std::size_t>(found - columns_.begin());
  }

  Row& row_of(Execution& execution, const Row& wanted) {
    const auto [place, fresh] = rows_.try_emplace(RowKey(execution.stage, execution.attempt, wanted.name,
                                                         wanted.subcomponent, wanted.unit, wanted.occurrence),
                                                  execution.rows.size());
    if (!fresh) return execution.rows[place->second];
    Row row = wanted;
    row.cells.resize(columns_.size());
    row.limits = limits_of(input_.criteria, check_, wanted.name, execution.check, execution.variant);
    return execution.rows.emplace_back(std::move(row));
  }

  struct PerWatt {
    std::string unit;
    double factor;
  };
  /// Of rates of work; nothing of others.
  static std::optional<PerWatt> per_watt_of(const std::string& unit) {
    constexpr double kGigaPerTera = 1000, kPerGiga = 1e9;
    if (unit == symbol(Unit::tflop_per_s)) return PerWatt{"GFLOP/s/W", kGigaPerTera};
    if (unit == symbol(Unit::per_second)) return PerWatt{"1/J", 1};
    if (unit == symbol(Unit::giga_per_second)) return PerWatt{"1/J", kPerGiga};
    return std::nullopt;
  }

  /// What people compare units by, beside the rate itself: what the GPU drew for it is telemetry's.
  void add_per_watt(const Step& step, const Measurement& rate, std::size_t column) {
    const auto* const value = std::get_if<double>(&rate.value);
    const auto per_watt = per_watt_of(rate.unit);
    if (value == nullptr || !per_watt) return;
    for (const Measurement& power : step.measurements) {
      const auto* const watts = std::get_if<double>(&power.value);
      if (!is_telemetry(power) || power.name != "power_median" || power.part.unit() != rate.part.unit())
        continue;
      if (watts == nullptr || !(*watts > 0)) continue;
      Row& row = row_of(executions_.at({step.stage, step.attempt}),
                        {rate.name + "_per_watt", rate.part.subcomponent(), per_watt->unit});
      row.cells.at(column).value = *value * per_watt->factor / *watts;
    }
  }

  Cell cell_of(const Step& step, const Measurement& measurement, const Row& row) const {
    Cell cell{measurement.value, citations_.of(step, measurement)};
    for (const Limit* limit : row.limits) {
      const FindingKind* kind = find_kind(input_.criteria, limit->finding);
      if (kind != nullptr && !is_held_against(kind->cls, input_.run.plan, step, measurement.part)) continue;
      cell.mark = std::max(cell.mark, mark_of(*limit, measurement.value, measurement.unit));
    }
    return cell;
  }

  const Input& input_;
  const Citations& citations_;
  std::string check_;
  std::vector<Part> columns_;
  std::map<std::pair<int, int>, Execution> executions_;     // by stage and attempt
  std::map<RowKey, std::size_t> rows_;                      // place in its execution
  std::set<std::pair<std::string, std::size_t>> measured_;  // name and column
};

bool is_quiet(const Cell& cell) {
  return cell.mark == Mark::none && !cell.missing;
}

bool is_empty(const Row& row) {
  return std::none_of(row.cells.begin(), row.cells.end(),
                      [](const Cell& cell) { return cell.value.has_value() || cell.missing; });
}

/// Eight GPUs are 28 pairs: those of which nothing is to be said are in a table of their own (pair_tables.h).
void leave_out_quiet_pairs(MeasurementTable& table) {
  std::vector<std::size_t> kept;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    bool quiet = table.columns[column].is_pair();
    for (const Execution& execution : table.executions) {
      for (const Row& row : execution.rows) quiet = quiet && is_quiet(row.cells[column]);
    }
    if (!quiet) kept.push_back(column);
  }
  const auto keep = [&](auto& all) {
    auto left = all;
    left.clear();
    for (const std::size_t column : kept) left.push_back(all[column]);
    all = std::move(left);
  };
  keep(table.columns);
  for (Execution& execution : table.executions) {
    for (Row& row : execution.rows) keep(row.cells);
    execution.rows.erase(std::remove_if(execution.rows.begin(), execution.rows.end(), is_empty),
                         execution.rows.end());
  }
}

}  // namespace

std::vector<MeasurementTable> measurement_tables(const Input& input, Origin origin) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Step*>> steps_by_check;
  for (const Step& step : input.run.steps) {
    const bool any = std::any_of(step.measurements.begin(), step.measurements.end(),
                                 [&](const Measurement& m) { return belongs(m, origin); });
    if (!any) continue;
    auto& steps = steps_by_check[step.check];
    if (steps.empty()) order.push_back(step.check);
    steps.push_back(&step);
  }

  const Citations citations(input.judgement);
  std::vector<MeasurementTable> tables;
  for (const std::string& check : order) {
    TableInMaking table(input, citations, check, columns_of(input, steps_by_check[check], origin));
    for (const Step* step : steps_by_check[check]) table.add_step(*step, origin);
    if (origin == Origin::check) table.add_missing();
    tables.push_back(table.finish());
    const auto& steps = steps_by_check[check];
    const bool has_pair_tables = std::any_of(steps.begin(), steps.end(), [](const Step* step) {
      return std::any_of(step->evidence.begin(), step->evidence.end(), is_pairs);
    });
    if (has_pair_tables) leave_out_quiet_pairs(tables.back());
  }
  return tables;
}

std::optional<Value> reference_of(const Row& row, const Value& value) {
  const double* numeric = std::get_if<double>(&value);
  if (numeric == nullptr) return std::nullopt;
  std::optional<double> nearest;
  const auto consider = [&](double bound) {
    if (!nearest || std::fabs(*numeric - bound) < std::fabs(*numeric - *nearest)) nearest = bound;
  };
  for (const Limit* limit : row.limits) {
    if (is_peer(limit->kind)) continue;
    if (const double* bound = std::get_if<double>(&limit->bound)) consider(*bound);
    if (limit->marginal_bound) consider(*limit->marginal_bound);
  }
  if (!nearest) return std::nullopt;
  return Value(*nearest);
}

}  // namespace assay::reports
