// Loads configurations for a verb; every error of every file becomes one UsageError.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/cli.h"
#include "harness/config/event_catalogue.h"
#include "harness/config/fault.h"
#include "harness/config/findings.h"
#include "harness/config/profile.h"
#include "harness/config/sim_node.h"
#include "harness/config/site.h"
#include "harness/config/sku.h"
#include "harness/model/run.h"
#include "harness/run/run_folder.h"

namespace assay::cli {

/// Calls `load` with a Diagnostics; throws UsageError with all that it collected.
template <typename Load>
auto load_or_complain(Load load) {
  config::Diagnostics diagnostics;
  auto result = load(diagnostics);
  if (!diagnostics.empty()) throw UsageError(diagnostics.lines());
  return result;
}

config::Sku load_sku(const std::string& name);
config::Profile load_profile(const std::string& name);
/// `sources`: the files that were read.
std::vector<FindingKind> load_findings(std::vector<config::SourceFile>* sources = nullptr);
/// What the numbers in the kernel's log mean.
EventCatalogue load_event_catalogue(std::vector<config::SourceFile>* sources = nullptr);
/// Puts a file of limits over the criteria's. Throws UsageError where one does what --limits may not
/// (docs/limits.md).
void replace_limits(Criteria& criteria, const std::string& path, const config::Sku& sku);

/// A finished or killed run, as its verbs need it.
struct StoredRun {
  run::RunFolder folder;
  RunRecord run;
  Criteria criteria;
};

/// A run as somebody hands it in: what its folder lacks or contradicts stands in run.doubts. Throws
/// UsageError when the folder, its records or its criteria cannot be used, MachineRefused where the machine
/// is why.
StoredRun load_run(const std::string& path);

/// The same for a run that may still lack its report and checksums, since they are what is made next.
StoredRun load_unconcluded_run(const std::string& path);

/// The run has ended, and was killed before its checksums were written.
bool lacks_conclusion(const StoredRun& stored);

}  // namespace assay::cli
