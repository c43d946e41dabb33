#include "harness/run/idle.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace assay::run {
namespace {

// The utilisation counter covers up to a second, and a display or the driver's own upkeep shows as 1 or 2 %.
constexpr std::int64_t kIdleUtilisationPercent = 5;
constexpr double kBytesPerMib = 1024.0 * 1024.0;

/// Its slot; where it is in none, its address, for the message.
std::string name_of_gpu(const Plan& plan, const GpuReadings& gpu) {
  std::string address = gpu.identity.pci_address.value.value_or("?");
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address == address) return slot.part;
  }
  return address;
}

std::optional<Busy> busy_gpu(const std::string& name, const GpuState& state) {
  if (!state.processes.value) {
    return Busy{"environment.not_idle",
                fmt::format("whether {} is in use cannot be read ({})", name, state.processes.missing), ""};
  }
  if (!state.processes.value->empty()) {
    const ForeignProcess& process = state.processes.value->front();
    return Busy{"environment.foreign_process",
                fmt::format("process {} holds {:.0f} MiB on {}", process.pid,
                            static_cast<double>(process.memory_bytes) / kBytesPerMib, name),
                ""};
  }
  const std::int64_t utilisation = state.utilisation_percent.value.value_or(0);
  if (utilisation <= kIdleUtilisationPercent) return std::nullopt;
  return Busy{"environment.not_idle",
              fmt::format("{} is {} % busy, and no process of ours is on it", name, utilisation), ""};
}

}  // namespace

std::vector<Busy> busy(const Plan& plan, const NodeReadings& readings) {
  std::vector<Busy> found;
  for (const GpuReadings& gpu : readings.gpus) {
    if (!gpu.lost.empty()) continue;  // that is a finding of its own
    const std::string name = name_of_gpu(plan, gpu);
    auto busy = busy_gpu(name, gpu.state);
    if (!busy) continue;
    busy->part = gpu_slot(name) ? Part(name) : Part("node");
    found.push_back(std::move(*busy));
  }
  return found;
}

}  // namespace assay::run
