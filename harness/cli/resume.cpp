#include "harness/cli/resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "harness/base/machine_refused.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/cli/prepare.h"
#include "harness/cli/prerequisites.h"
#include "harness/cli/workers.h"
#include "harness/node_real/real_backend.h"
#include "harness/node_sim/simulated_backend.h"
#include "harness/run/lock_holders.h"
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

std::unique_ptr<NodeSession> reopen(const StoredRun& stored, const std::string& language) {
  if (!stored.run.plan.simulated) {
    require_prerequisites(stored.criteria, language);
    return open_real_node();
  }
  try {
    return sim::reopen_simulated_node(stored.folder.path());
  } catch (const MachineRefused& error) {
    if (!error.is_wrong_path()) throw;
    throw UsageError(std::string("the simulated node is gone: ") + error.what());
  } catch (const std::runtime_error& error) {
    throw UsageError(std::string("the simulated node is gone: ") + error.what());
  }
}

/// Workers and sampler of a run that was killed end with it, and give their memory back: that takes the
/// kernel a moment, and the driver seconds. Throws where they do not, or where the run has not been killed.
void lock_when_all_have_ended(run::RunFolder& folder) {
  constexpr auto kPoll = std::chrono::milliseconds(50);
  constexpr auto kPatience = std::chrono::seconds(20);
  constexpr auto kPatienceWithSupervisor = std::chrono::seconds(2);  // it may have been killed this moment
  const auto start = std::chrono::steady_clock::now();
  while (!folder.lock()) {
    const auto holders = run::lock_holders(folder.path());
    const bool dying =
        !holders.empty() && std::all_of(holders.begin(), holders.end(),
                                        [](const run::LockHolder& holder) { return holder.is_child; });
    const auto waited = std::chrono::steady_clock::now() - start;
    if (!dying && waited > kPatienceWithSupervisor) {
      throw UsageError(fmt::format("{}: another process is working on this run: {}", folder.path(),
                                   run::describe(holders)));
    }
    if (waited > kPatience) {
      throw CannotRun(fmt::format("what is left of the killed run does not end, and may hold GPU memory: {}",
                                  run::describe(holders)));
    }
    std::this_thread::sleep_for(kPoll);
  }
}

run::RunFolder open_folder(const std::string& path) {
  try {
    return run::RunFolder::open(path);
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
}

/// What a line of the kernel's log means is decided when it is written down: a run does not change that
/// half-way.
EventCatalogue same_catalogue(const std::string& path, const Criteria& criteria) {
  std::vector<config::SourceFile> files;
  EventCatalogue catalogue = load_event_catalogue(&files);
  std::vector<std::string> now;
  for (const config::SourceFile& file : files) now.push_back(file.sha256);
  if (now != criteria.event_catalogue)
    throw UsageError(path + ": configs/xid was changed since the run was started: start a new run");
  return catalogue;
}

}  // namespace

int resume_run(const std::string& path, const std::string& workers, const OutputOptions& output,
               run::OnTerminate on_terminate) {
  run::RunFolder lock = open_folder(path);
  lock_when_all_have_ended(lock);
  const StoredRun stored = load_unconcluded_run(path);
  if (stored.run.closed) {
    if (!lacks_conclusion(stored))
      throw UsageError(path + ": the run has ended; there is nothing to resume. See assay report.");
    return conclude(lock, output);
  }
  if (std::filesystem::exists(lock.checksums()))
    throw UsageError(path + ": the run had ended, and its records were cut since: it is not resumed");
  if (stored.run.plan.assay_version != ASSAY_VERSION) {
    throw UsageError(fmt::format("{}: the run was started by assay {}, this is {}: start a new run", path,
                                 stored.run.plan.assay_version, ASSAY_VERSION));
  }
  if (stored.run.plan.schema != kPlanSchema) {
    throw UsageError(path + ": the run was planned by an older assay: start a new run");
  }
  const bool threads = workers == kWorkerThreads;
  if (threads && !stored.run.plan.simulated) throw UsageError("--workers thread is for simulated nodes");
  for (const PlantedFault& fault : stored.run.plan.faults)
    require_workers_for(fault.name, fault.kind, workers);
  const std::string& language = language_of(output.language, stored.run);
  auto node = reopen(stored, language);
  auto ledger = telemetry::Ledger::of_records(stored.run.marks);
  telemetry::Snapshot snapshot;
  auto sampler = start_sampler(*node, lock, snapshot, same_catalogue(path, stored.criteria), ledger);
  require_same_gpus(stored.run.plan, snapshot.readings);
  ledger.add(snapshot);
  run::Interrupt interrupt(on_terminate);
  run::resume({stored.run.plan, stored.criteria, lock, *node, sampler, snapshot.readings, std::move(ledger),
               interrupt, command_line_of_this_process(), output.progress_style(), language, threads});
  return conclude(lock, output);
}

void add_resume(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto output = std::make_shared<OutputOptions>();
  CLI::App* verb = app.add_subcommand("resume", "Go on with a run that was killed");
  verb->add_option("RUN", *path, "The run's folder")->required();
  auto workers = std::make_shared<std::string>(kWorkerProcesses);
  add_workers_option(*verb, *workers);
  add_output_options(*verb, *output);
  verb->callback([&action, path, workers, output] {
    action = [path, workers, output] { return resume_run(*path, *workers, *output); };
  });
}

}  // namespace assay::cli
