#include "harness/cli/driver_prerequisites.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace assay::cli {
namespace {

constexpr int kOldestDriver = 580;      // CUDA 13's first
constexpr std::int64_t kCompleted = 3;  // nvmlGpuFabricState_t
constexpr const char* kNoPermission = "no_permission";

/// 580 of "580.159.04"; 0 of what begins with no number.
int branch_of(const std::string& version) {
  int branch = 0;
  std::from_chars(version.data(), version.data() + version.size(), branch);
  return branch;
}

Prerequisite version_of(const NodeReadings& readings) {
  const std::string version = readings.driver_version.value.value_or("unknown");
  const bool met = !readings.simulated && branch_of(version) >= kOldestDriver;
  return {"NVIDIA driver", met,
          readings.simulated ? "the simulator's library stands in for the driver's" : "version " + version,
          fmt::format("it is older than {}: update it, and reboot. Until then --profile inventory alone "
                      "works, which needs no CUDA",
                      kOldestDriver)};
}

std::string name_of(const GpuReadings& gpu) {
  return gpu.identity.pci_address.value.value_or("a GPU without address");
}

template <typename Holds>
std::vector<std::string> gpus_where(const NodeReadings& readings, Holds holds) {
  std::vector<std::string> names;
  for (const GpuReadings& gpu : readings.gpus) {
    if (holds(gpu)) names.push_back(name_of(gpu));
  }
  return names;
}

Prerequisite gpus_of(const NodeReadings& readings) {
  const auto lost = gpus_where(readings, [](const GpuReadings& gpu) { return !gpu.lost.empty(); });
  const bool any = readings.gpus.size() > lost.size();
  std::string found = fmt::format("{} answer", readings.gpus.size() - lost.size());
  if (!lost.empty()) found += fmt::format(", {} not: {}", lost.size(), fmt::join(lost, ", "));
  return {"GPUs", any, found, "reseat the baseboard; look for Xid lines in dmesg"};
}

/// Without it CUDA does not start: error 802. GPUs without NVSwitches have none.
Prerequisite fabric_of(const NodeReadings& readings) {
  const auto not_ready = gpus_where(readings, [](const GpuReadings& gpu) {
    const auto& state = gpu.state.fabric_state.value;
    return state && (*state != kCompleted || gpu.state.fabric_status.value.value_or(0) != 0);
  });
  const auto without =
      gpus_where(readings, [](const GpuReadings& gpu) { return !gpu.state.fabric_state.has_value(); });
  Prerequisite fabric{"Fabric Manager", not_ready.empty(), "", ""};
  fabric.found = !not_ready.empty()
                     ? fmt::format(
                           "the way over the NVSwitches is not ready for {}: CUDA would end with "
                           "error 802",
                           fmt::join(not_ready, ", "))
                 : without.size() == readings.gpus.size() ? "the driver knows of no NVSwitches"
                                                          : "the way over the NVSwitches is ready";
  fabric.mend =
      "systemctl enable --now nvidia-fabricmanager (of the driver's own version); if it does not stay up, "
      "read "
      "/var/log/fabricmanager.log. In a virtual machine, power it off and on thereafter";
  return fabric;
}

/// What an acceptance reads and only some may.
Prerequisite rights_of(const NodeReadings& readings) {
  std::vector<std::string> refused;
  const auto ask = [&](const char* what, const std::string& missing) {
    if (missing == kNoPermission && std::find(refused.begin(), refused.end(), what) == refused.end())
      refused.emplace_back(what);
  };
  for (const GpuReadings& gpu : readings.gpus) {
    ask("errors of on-chip memory", gpu.state.sram_threshold_exceeded.missing);
    ask("which processes use a GPU", gpu.state.processes.missing);
    for (const auto& [name, counter] : gpu.state.counters) ask(name.c_str(), counter.missing);
  }
  return {"rights", refused.empty(),
          refused.empty() ? "all that is read of the GPUs may be read"
                          : fmt::format("may not be read: {}", fmt::join(refused, ", ")),
          "run as root (sudo); in a container, docker run --privileged"};
}

Prerequisite persistence_of(const NodeReadings& readings) {
  const auto off = gpus_where(
      readings, [](const GpuReadings& gpu) { return gpu.identity.persistence_enabled.value == 0; });
  Prerequisite persistence{
      "persistence", off.empty(),
      off.empty() ? "the driver stays loaded" : fmt::format("off on {}", fmt::join(off, ", ")),
      "systemctl enable --now nvidia-persistenced: without it each first contact takes a second "
      "a GPU, and counters begin anew"};
  persistence.stops_a_run = false;
  return persistence;
}

bool has(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

std::vector<Prerequisite> prerequisites_of(const NodeReadings& readings) {
  return {version_of(readings), gpus_of(readings), fabric_of(readings), rights_of(readings),
          persistence_of(readings)};
}

Prerequisite no_driver(const std::string& why) {
  Prerequisite driver{"NVIDIA driver", false, why,
                      fmt::format("install NVIDIA's driver {} or later, and see that its modules are loaded "
                                  "(modprobe nvidia; dmesg)",
                                  kOldestDriver)};
  if (has(why, "library_driver_mismatch"))
    driver.mend =
        "the library was updated, and the old module is still loaded: end what uses the GPUs and load it "
        "anew (modprobe -r nvidia_uvm nvidia; modprobe nvidia), or reboot";
  else if (has(why, kNoPermission))
    driver.mend = "run as root, or mend the rights of /dev/nvidia* (nvidia-modprobe)";
  else if (has(why, "driver_not_loaded"))
    driver.mend =
        "modprobe nvidia; if that fails, dmesg says why (another kernel than the module's, secure boot, "
        "nouveau)";
  return driver;
}

}  // namespace assay::cli
