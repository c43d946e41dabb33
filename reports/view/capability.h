// What the node was measured to be capable of, by datatype: for whoever has to say so. A measurement bounds
// it from below and confirms what it is; it can show no ceiling.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"

namespace assay::reports {

/// Of all GPUs that measured it.
struct CapabilityRow {
  std::string what;  // "bf16"; "HBM" for the memory
  double least = 0, most = 0;
  std::string unit;
};

/// What the identified product has by its datasheet.
struct ProductFigures {
  const char* name;   // as NVML has it
  double dense_tops;  // of its fastest datatype, 10^12 operations a second, a multiply-add being two
  int bits;           // of that datatype
  double dram_gb_per_s;
  const char* source;
  /// Total processing performance: 2 x MacTOPS x bit length, which is dense_tops x bits (15 CFR part 774,
  /// supplement 1, ECCN 3A090, technical note 2).
  double total_processing_performance() const { return dense_tops * bits; }
};

struct Capability {
  std::string product;  // all GPUs call themselves so; empty where they do not agree
  std::vector<CapabilityRow> rows;
  std::optional<ProductFigures> figures;
};

/// Nothing where no rate was measured.
std::optional<Capability> capability_of(const Input& input);

}  // namespace assay::reports
