// What checks found between each two GPUs, as they left it in their evidence "pairs": a list of objects of
// "of", "unit", "better" ("more" or "less"), "parts" and "rows", a row for each that sends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"

namespace assay::reports {

struct PairTable {
  std::string check, of, unit;
  bool more_is_better = true;
  std::vector<std::string> parts;
  std::vector<std::vector<std::optional<double>>> rows;  // as many as parts, each as long
  double middle = 0;                                     // median

  /// How far it is from the middle, on the bad side: 0 is none, 1 is half as good or worse.
  double badness(double value) const;
};

/// Of all steps. What has not this shape is left out: it is among the raw evidence.
std::vector<PairTable> pair_tables_of(const RunRecord& run);

bool is_pairs(const Evidence& evidence);

}  // namespace assay::reports
