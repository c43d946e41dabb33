#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/cli/prepare.h"
#include "harness/cli/prerequisites.h"
#include "harness/run/supervisor.h"
#include "harness/telemetry/attribution.h"

namespace assay::cli {
namespace {

const GpuReadings* with_serial(const NodeReadings& readings, const std::string& serial) {
  for (const GpuReadings& gpu : readings.gpus) {
    if (gpu.identity.serial.value == serial) return &gpu;
  }
  return nullptr;
}

/// The GPUs must be the ones that the run was planned for: evidence of two nodes does not mix. One that is
/// gone is no other node's: that is a finding.
void require_same_gpus(const Plan& plan, const NodeReadings& readings) {
  int known = 0, planned = 0;
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address.empty()) continue;
    ++planned;
    const GpuReadings* same = with_serial(readings, slot.serial);
    const GpuReadings* there = telemetry::find_gpu(readings, slot.pci_address);
    if (same != nullptr && same == there) ++known;
    if (same != there && there != nullptr && there->lost.empty()) {
      throw UsageError(fmt::format("{} holds another GPU now (serial {}, not {}): start a new run", slot.part,
                                   there->identity.serial.value.value_or("unknown"), slot.serial));
    }
    if (same != nullptr && there == nullptr) {
      throw UsageError(fmt::format("the GPU of {} (serial {}) is at another PCI address now: start a new run",
                                   slot.part, slot.serial));
    }
  }
  if (planned > 0 && known == 0) throw UsageError("none of the run's GPUs is in this node: start a new run");
}

/// Where telemetry goes on: behind what was attributed before the kill. After a reboot the counters and the
/// kernel log have begun anew, and all that the log holds counts.
telemetry::Baseline resumed_baseline(std::optional<telemetry::Baseline> stored,
                                     const telemetry::Snapshot& snapshot) {
  if (!stored) return telemetry::baseline_of(snapshot);
  stored->pending.insert(stored->pending.end(), snapshot.events.begin(), snapshot.events.end());
  stored->kernel_log_position = snapshot.kernel_log_position;
  return std::move(*stored);
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

/// A supervisor that was just killed may have left a child that is still about to end with the lock in its
/// hands.
bool lock_soon(run::RunFolder& folder) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (folder.lock()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

int resume_action(const std::string& path, const OutputOptions& output) {
  run::RunFolder lock = [&] {
    try {
      return run::RunFolder::open(path);
    } catch (const std::runtime_error& error) {
      throw UsageError(error.what());
    }
  }();
  if (!lock_soon(lock)) throw UsageError(path + ": another process is working on this run");
  const StoredRun stored = load_run(path);
  if (stored.run.closed)
    throw UsageError(path + ": the run has ended; there is nothing to resume. See assay report.");
  if (stored.run.plan.assay_version != ASSAY_VERSION) {
    throw UsageError(fmt::format("{}: the run was started by assay {}, this is {}: start a new run", path,
                                 stored.run.plan.assay_version, ASSAY_VERSION));
  }
  auto node = reopen(stored);
  auto baseline = telemetry::load_baseline(stored.folder.baseline());
  telemetry::Snapshot snapshot;
  auto sampler = start_sampler(*node, stored.folder, snapshot, baseline ? baseline->kernel_log_position : 0);
  require_same_gpus(stored.run.plan, snapshot.readings);
  run::resume({stored.run.plan, stored.criteria, stored.folder, *node, sampler, snapshot.readings,
               resumed_baseline(std::move(baseline), snapshot), command_line_of_this_process(),
               output.progress_style(), false});
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
