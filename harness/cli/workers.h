// --workers: whether a simulated node's workers are processes or threads.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace assay::cli {

inline constexpr const char* kWorkerProcesses = "process";
inline constexpr const char* kWorkerThreads = "thread";

void add_workers_option(CLI::App& verb, std::string& workers);

/// Throws UsageError where a planted fault of this kind ends its worker, and the workers are threads.
void require_workers_for(const std::string& fault, const std::string& kind, const std::string& workers);

}  // namespace assay::cli
