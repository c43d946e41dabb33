// A SKU: which slots a node of this kind has, what they should read, what they can reach at most, and the
// limits.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/shipped_files.h"
#include "harness/model/criteria.h"
#include "harness/model/plan.h"
#include "harness/model/work.h"

namespace assay::config {

struct Slot {
  Part part;          // gpu0 ...
  int module_id = 0;  // 0: the SKU does not fix one; the only GPU found is taken
};

/// A physical ceiling, against which limits are plausible.
struct Peak {
  std::string name;
  double value = 0;
  Unit unit = Unit::count;
  std::string source, date;
};

struct Sku {
  std::string name, summary;
  bool certifiable = true;
  std::vector<Slot> slots;
  int nvswitches = 0;
  int ranks_per_gpu = 1;  // of checks that use NCCL
  Settling settling;      // of NVLinks after a start
  DeviceSpeed speed;      // of one of its GPUs: what estimates are made of
  /// What this SKU cannot have, with the reason: a measurement ("inventory.gpus/module_id"), which is then
  /// not required, a check ("collective.bandwidth") or a variant of one ("collective.correctness.nvls"),
  /// which is then not run.
  std::map<std::string, std::string> not_available;
  std::vector<Peak> peaks;
  std::vector<Limit> limits;
  std::vector<SourceFile> files;  // that it was read from: its own, and that of limits_from
};

/// Why the SKU does not run the check, or this variant of it; null: it does.
const std::string* why_not_run(const Sku& sku, const std::string& check, const std::string& variant);

/// Checks every limit against the registry of checks: check, measurement and unit exist, the finding is one
/// that the check declares. Collects all errors of the file.
Sku load_sku(const std::string& path, Diagnostics& diagnostics);

/// A file of [[limits]] alone (`--limits FILE`), plausible against the SKU's peaks. What they may replace is
/// plan/limit_override.h's to say.
std::vector<Limit> load_limits(const std::string& path, const Sku& sku, Diagnostics& diagnostics);

}  // namespace assay::config
