#include "harness/run/foreign_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/model/finding_codes.h"
#include "harness/model/missing_reading.h"
#include "harness/model/units.h"

namespace assay::run {
namespace {

// The utilisation counter covers up to a second, and a display or the driver's own upkeep shows as 1 or 2 %.
constexpr std::int64_t kIdleUtilisationPercent = 5;

/// Its slot; where it is in none, its address, for the message.
Part name_of_gpu(const Plan& plan, const GpuReadings& gpu) {
  std::string address = gpu.identity.pci_address.value.value_or("?");
  for (const PlannedSlot& slot : plan.slots) {
    if (slot.pci_address == address) return slot.part;
  }
  return address;
}

bool lives_on(const Resident& resident, const Part& gpu) {
  return std::find(resident.gpus.begin(), resident.gpus.end(), gpu) != resident.gpus.end();
}

/// Those that are not our residents on this GPU.
std::vector<ForeignProcess> foreign(std::vector<ForeignProcess> processes, const Part& gpu,
                                    const std::vector<Resident>& residents) {
  std::size_t unknown = 0;
  for (const Resident& resident : residents) {
    if (!lives_on(resident, gpu)) continue;
    const auto known = std::find_if(processes.begin(), processes.end(), [&](const ForeignProcess& process) {
      return process.pid == resident.pid;
    });
    if (known != processes.end()) {
      processes.erase(known);
    } else if (!resident.ended) {
      ++unknown;
    }
  }
  processes.erase(processes.begin(),
                  processes.begin() + static_cast<std::ptrdiff_t>(std::min(unknown, processes.size())));
  return processes;
}

bool hangs(const Part& gpu, const std::vector<Resident>& residents) {
  return std::any_of(residents.begin(), residents.end(),
                     [&](const Resident& resident) { return resident.hung && lives_on(resident, gpu); });
}

Phrase memory_of(const ForeignProcess& process) {
  if (process.memory_bytes < 0) return {"memory (how much, the driver does not say)", "（驱动未给出数量）"};
  return fmt::format("{:.0f} MiB", static_cast<double>(process.memory_bytes) / kBytesPerMib);
}

/// Nobody knows whether the node is idle. A right or a driver that lacks lacks in a minute, too.
Busy unreadable(const Phrase& what, const std::string& why) {
  const MissingMeaning& meaning = meaning_of_missing(why);
  const std::string code = meaning.code;
  return {code, phrase("{}: {}", "{}：{}", what, Phrase(meaning.words, meaning.chinese)),
          code == codes::no_permission || code == codes::driver_lacks};
}

std::optional<Busy> busy_gpu(const Part& name, const GpuState& state,
                             const std::vector<Resident>& residents) {
  if (!state.processes.value) {
    return unreadable(phrase("which processes use {}", "占用 {} 的进程", name), state.processes.missing);
  }
  const std::vector<ForeignProcess> others = foreign(*state.processes.value, name, residents);
  if (!others.empty()) {
    const ForeignProcess& process = others.front();
    return Busy{codes::foreign_process, phrase("process {0} holds {1} on {2}", "进程 {0} 占用 {2} 的显存 {1}",
                                               process.pid, memory_of(process), name)};
  }
  if (!state.utilisation_percent.value) {
    return unreadable(phrase("whether {} is at work", "{} 是否空闲", name),
                      state.utilisation_percent.missing);
  }
  const std::int64_t utilisation = *state.utilisation_percent.value;
  if (utilisation <= kIdleUtilisationPercent) return std::nullopt;
  return Busy{codes::not_idle, phrase("{} is {} % busy, and no process of ours is at work on it",
                                      "{} 的利用率为 {} %，而其上没有本工具的进程", name, utilisation)};
}

}  // namespace

std::vector<Busy> foreign_work(const Plan& plan, const NodeReadings& readings,
                               const std::vector<Resident>& residents) {
  std::vector<Busy> found;
  for (const GpuReadings& gpu : readings.gpus) {
    if (!gpu.lost.empty()) continue;  // that is a finding of its own
    const Part name = name_of_gpu(plan, gpu);
    if (hangs(name, residents)) continue;  // nothing more is measured there
    auto busy = busy_gpu(name, gpu.state, residents);
    if (!busy) continue;
    busy->part = name.gpu_slot() ? name : Part("node");
    found.push_back(std::move(*busy));
  }
  return found;
}

}  // namespace assay::run
