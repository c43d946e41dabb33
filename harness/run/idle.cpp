#include "harness/run/idle.h"

#include <fmt/format.h>

namespace assay::run {
namespace {

// The utilisation counter covers up to a second, and a display or the driver's own upkeep shows as 1 or 2 %.
constexpr std::int64_t kIdleUtilisationPercent = 5;
constexpr double kBytesPerMib = 1024.0 * 1024.0;

std::string name_of_gpu(const Plan& plan, const GpuReadings& gpu) {
  std::string address = gpu.identity.pci_address.value.value_or("?");
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address == address) return slot.part;
  }
  return address;
}

}  // namespace

std::optional<Busy> busy(const Plan& plan, const NodeReadings& readings) {
  for (const GpuReadings& gpu : readings.gpus) {
    if (!gpu.lost.empty()) continue;  // that is a finding of its own
    if (!gpu.state.processes.value) {
      return Busy{"environment.not_idle", fmt::format("whether {} is in use cannot be read ({})",
                                                      name_of_gpu(plan, gpu), gpu.state.processes.missing)};
    }
    if (gpu.state.processes.value->empty()) continue;
    const ForeignProcess& process = gpu.state.processes.value->front();
    return Busy{
        "environment.foreign_process",
        fmt::format("process {} holds {:.0f} MiB on {}", process.pid,
                    static_cast<double>(process.memory_bytes) / kBytesPerMib, name_of_gpu(plan, gpu))};
  }
  for (const GpuReadings& gpu : readings.gpus) {
    if (gpu.state.utilisation_percent.value.value_or(0) <= kIdleUtilisationPercent) continue;
    return Busy{"environment.not_idle",
                fmt::format("{} is {} % busy, and no process of ours is on it", name_of_gpu(plan, gpu),
                            *gpu.state.utilisation_percent.value)};
  }
  return std::nullopt;
}

}  // namespace assay::run
