#include <fmt/format.h>

#include <memory>

#include <CLI/CLI.hpp>

#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/cli/prepare.h"
#include "harness/cli/prerequisites.h"
#include "harness/run/supervisor.h"

namespace assay::cli {
namespace {

/// The GPUs must be the ones that the run was planned for: evidence of two nodes does not mix.
void require_same_gpus(const Plan& plan, const NodeReadings& readings) {
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address.empty()) continue;
    for (const GpuReadings& gpu : readings.gpus) {
      if (gpu.identity.pci_address.value != slot.pci_address) continue;
      if (gpu.identity.serial.value.value_or("") == slot.serial) continue;
      throw UsageError(fmt::format("{} holds another GPU now (serial {}, not {}): start a new run", slot.part,
                                   gpu.identity.serial.value.value_or("unknown"), slot.serial));
    }
  }
}

std::unique_ptr<run::NodeSession> reopen(const StoredRun& stored) {
  if (!stored.run.plan.simulated) {
    require_prerequisites();
    return run::open_real_node();
  }
  try {
    return run::reopen_simulated_node(stored.folder);
  } catch (const std::runtime_error& error) {
    throw UsageError(std::string("the simulated node is gone: ") + error.what());
  }
}

int resume_action(const std::string& path, const OutputOptions& output) {
  StoredRun stored = load_run(path);
  if (stored.run.closed)
    throw UsageError(path + ": the run has ended; there is nothing to resume. See assay report.");
  if (!stored.folder.lock()) throw UsageError(path + ": another process is working on this run");
  auto node = reopen(stored);
  telemetry::Snapshot snapshot;
  auto sampler = start_sampler(*node, stored.folder, snapshot);
  require_same_gpus(stored.run.plan, snapshot.readings);
  run::resume({stored.run.plan, stored.criteria, stored.folder, *node, sampler, snapshot,
               command_line_of_this_process(), output.progress_style(), false});
  return conclude(stored.folder, output);
}

}  // namespace

void add_resume(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto output = std::make_shared<OutputOptions>();
  CLI::App* verb = app.add_subcommand("resume", "Go on with a run that was killed");
  verb->add_option("RUN", *path, "The run's folder")->required();
  add_output_options(*verb, *output);
  verb->callback(
      [&action, path, output] { action = [path, output] { return resume_action(*path, *output); }; });
}

}  // namespace assay::cli
