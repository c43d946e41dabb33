#include "harness/cli/workers.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/cli/cli.h"
#include "harness/config/fault.h"

namespace assay::cli {

void add_workers_option(CLI::App& verb, std::string& workers) {
  verb.add_option("--workers", workers, "process; or thread, for fast simulated runs")
      ->check(CLI::IsMember({kWorkerProcesses, kWorkerThreads}))
      ->capture_default_str();
}

void require_workers_for(const std::string& fault, const std::string& kind, const std::string& workers) {
  const auto& kinds = config::fault_kinds();
  const auto known = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const config::FaultKind& one) { return one.name == kind; });
  if (workers != kWorkerThreads || known == kinds.end() || !known->ends_workers) return;
  throw UsageError(fmt::format("--workers thread: the fault {} needs workers that are processes", fault));
}

}  // namespace assay::cli
