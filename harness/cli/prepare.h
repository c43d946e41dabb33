// What `run` and `plan` have in common: options, configurations, the node opened and looked at, the plan
// made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/workers.h"
#include "harness/config/sku.h"
#include "harness/model/plan.h"
#include "harness/node/backend.h"
#include "harness/run/run_folder.h"
#include "harness/run/sampler_client.h"
#include "harness/telemetry/ledger.h"

namespace CLI {
class App;
}

namespace assay::cli {

struct RunOptions {
  std::string sku, profile = "quick", node = "local", site, limits, manifest, out = "runs";
  std::optional<std::string> gpus, only;
  std::vector<std::string> faults;
  std::optional<std::uint64_t> seed;
  double time_scale = 0;
  std::string workers = kWorkerProcesses;
};

void add_run_options(CLI::App& verb, RunOptions& options);

/// Everything that a run starts from. Members end in the reverse order: the sampler first, the folder last.
struct Prepared {
  run::RunFolder folder;
  std::unique_ptr<NodeSession> node;
  run::SamplerClient sampler;
  telemetry::Snapshot snapshot;
  Plan plan;
  Criteria criteria;
  std::vector<std::string> not_run;  // that the profile asks for and the SKU does not have, with the reason
};

/// Opens the node and plans, in a staged folder that goes away with the result unless it is published.
/// Throws UsageError, CannotRun (in this language), MachineRefused.
Prepared prepare(const RunOptions& options, const std::string& language = "en");

/// Starts the sampler of a node and takes the first snapshot. What the ledger says is attributed of the
/// kernel log is not read again. Throws CannotRun.
run::SamplerClient start_sampler(NodeSession& node, const run::RunFolder& folder, telemetry::Snapshot& first,
                                 const EventCatalogue& catalogue, const telemetry::Ledger& ledger = {});

}  // namespace assay::cli
