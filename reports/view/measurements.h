// Measurements as tables: one table a check, a row a measurement, a column a GPU.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"
#include "reports/view/limits.h"

namespace assay::reports {

struct Cell {
  std::optional<Value> value;
  Mark mark = Mark::none;
  bool missing = false;  // required, and not there in any attempt
};

struct Row {
  std::string name, subcomponent, unit;
  int occurrence = 0;  // above 0: the step emitted it again
  std::vector<Cell> cells;
  std::vector<const Limit*> limits;
};

/// One execution of the check: a retry stands beside the first attempt, it never replaces it.
struct Execution {
  int stage = 0, attempt = 1;
  std::string check;    // whose step it was
  std::string variant;  // of the check; empty where it has none
  std::vector<Row> rows;
};

struct MeasurementTable {
  std::string check;
  std::vector<Part> columns;  // all slots of the SKU where a GPU was measured, then other units
  std::vector<Execution> executions;
};

/// What checks measured, or what the sampler read around them.
enum class Origin { check, telemetry };

std::vector<MeasurementTable> measurement_tables(const Input& input, Origin origin);

/// The bound to tell a value apart from when it is written: the nearest of its absolute limits and their
/// marginal bands.
std::optional<Value> reference_of(const Row& row, const Value& value);

}  // namespace assay::reports
