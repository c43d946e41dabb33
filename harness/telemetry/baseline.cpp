#include "harness/telemetry/baseline.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "harness/run/run_folder.h"

namespace assay::telemetry {
namespace {

/// Changes with every boot (random(4)).
std::string boot_id() {
  return run::read_file("/proc/sys/kernel/random/boot_id");
}

}  // namespace

Baseline baseline_of(const Snapshot& snapshot) {
  return {snapshot.readings, snapshot.events, snapshot.kernel_log_position};
}

void save_baseline(const std::string& path, const Baseline& baseline) {
  const nlohmann::json content = {{"boot_id", boot_id()},
                                  {"readings", baseline.readings},
                                  {"pending", baseline.pending},
                                  {"kernel_log_position", baseline.kernel_log_position}};
  run::write_file(path, content.dump() + "\n");
}

std::optional<Baseline> load_baseline(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const nlohmann::json content = run::read_json(path);
  if (content.at("boot_id") != boot_id()) return std::nullopt;
  return Baseline{content.at("readings").get<NodeReadings>(),
                  content.at("pending").get<std::vector<KernelEvent>>(),
                  content.at("kernel_log_position").get<std::int64_t>()};
}

}  // namespace assay::telemetry
