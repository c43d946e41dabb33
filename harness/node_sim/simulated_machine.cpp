#include "harness/node_sim/simulated_machine.h"

#include <fmt/format.h>

#include "harness/node_sim/nvlink_wiring.h"

namespace assay::sim {
namespace {

using Files = std::map<std::string, std::string>;

// A two-socket server of the kind that HGX boards are put into: ports, drives and memory as two makers' nodes
// have them (leptonai/gpud's recordings of an XE9680, NVIDIA/nccl-tests issue 256).
constexpr int kComputePorts = 8, kDrives = 4, kMemoryControllers = 8, kSockets = 2, kThreads = 128;
constexpr std::int64_t kMemoryKib = 2113384556;

int whole(const FaultState* fault, const char* name, int otherwise) {
  return fault == nullptr ? otherwise : static_cast<int>(fault_parameter(*fault, name, otherwise));
}

void add_chassis(const State& state, Files& files) {
  const std::string dmi = "/sys/class/dmi/id/";
  const bool is_virtual = state.virtual_pci_ports != 0;
  files[dmi + "sys_vendor"] = is_virtual ? "QEMU" : "Assay";
  files[dmi + "product_name"] = is_virtual ? "Standard PC (Q35 + ICH9, 2009)" : "Simulated HGX H200";
  files[dmi + "bios_version"] = "1.0";
  files[dmi + "bios_date"] = "01/01/2026";
  const auto serial = [&](const char* kind) {
    return is_virtual ? std::string()
                      : fmt::format("SIM{}{:08X}", kind, static_cast<std::uint32_t>(state.seed));
  };
  files[dmi + "product_serial"] = serial("S");
  files[dmi + "chassis_serial"] = serial("C");
  files[dmi + "board_serial"] = serial("B");
  if (!is_virtual) files[dmi + "board_name"] = "SIM-BOARD";
  if (!is_virtual) files["/sys/devices/platform/ipmi_bmc.0/firmware_revision"] = "1.0";
}

void add_processors(Files& files) {
  std::string text;
  for (int i = 0; i < kThreads; ++i)
    text += fmt::format("processor\t: {}\nmodel name\t: Simulated processor\nphysical id\t: {}\n\n", i,
                        i % kSockets);
  files["/proc/cpuinfo"] = text;
  files["/proc/meminfo"] = fmt::format("MemTotal:       {} kB", kMemoryKib);
  files["/proc/sys/kernel/osrelease"] = "6.8.0-simulated";
}

std::int64_t errors_before(const State& state, int port) {
  const FaultState* const full = find_fault(state, "port_counter_full", kNoSlot);
  return full != nullptr && whole(full, "port", 0) == port ? 65535 : 0;
}

struct Port {
  const char *type, *firmware, *link_layer, *rate;
};
/// Eight to the compute network, and one to everything else.
constexpr Port kCompute{"MT4129", "28.43.2026", "InfiniBand", "400 Gb/sec (4X NDR)"};
constexpr Port kFrontEnd{"MT4125", "22.43.2026", "Ethernet", "100 Gb/sec (4X EDR)"};

void add_ports(const State& state, Files& files) {
  const FaultState* const down = find_fault(state, "port_down", kNoSlot);
  const FaultState* const flaps = find_fault(state, "port_flaps", kNoSlot);
  const bool has_flapped = flaps != nullptr && state.clock.now >= state.port_fails_at;
  for (int i = 0; i <= kComputePorts; ++i) {
    const Port& kind = i < kComputePorts ? kCompute : kFrontEnd;
    const std::string device = fmt::format("/sys/class/infiniband/mlx5_{}", i);
    const std::string port = device + "/ports/1";
    const bool with_all = whole(flaps, "all", 0) != 0 && i < kComputePorts;
    const bool flapped = has_flapped && (with_all || whole(flaps, "port", 0) == i);
    if (flapped && whole(flaps, "vanishes", 0) != 0) continue;
    const bool up =
        (down == nullptr || whole(down, "port", 0) != i) && !(flapped && whole(flaps, "stays_down", 0) != 0);
    files[device + "/hca_type"] = kind.type;
    files[device + "/fw_ver"] = kind.firmware;
    files[device + "/sys_image_guid"] = fmt::format("a088:c203:00c0:{:04x}", i);
    files[port + "/state"] = up ? "4: ACTIVE" : "1: DOWN";
    files[port + "/phys_state"] = up ? "5: LinkUp" : "2: Polling";
    files[port + "/rate"] = up ? kind.rate : "10 Gb/sec (4X SDR)";
    files[port + "/link_layer"] = kind.link_layer;
    files[port + "/counters/link_downed"] = std::to_string(flapped ? whole(flaps, "downed", 1) : up ? 0 : 1);
    files[port + "/counters/link_error_recovery"] =
        std::to_string(flapped ? whole(flaps, "recovered", 0) : 0);
    files[port + "/counters/symbol_error"] =
        std::to_string(errors_before(state, i) + (flapped ? whole(flaps, "symbol_errors", 0) : 0));
    files[port + "/counters/port_rcv_errors"] = "0";
  }
}

void add_drives(const State& state, Files& files) {
  const FaultState* const dead = find_fault(state, "drive_dead", kNoSlot);
  for (int i = 0; i < kDrives; ++i) {
    const std::string drive = fmt::format("/sys/class/nvme/nvme{}/", i);
    files[drive + "model"] = "Simulated NVMe 3.84TB                   ";  // padded, as the standard has it
    files[drive + "serial"] = fmt::format("SIMD{:04}            ", i);
    files[drive + "firmware_rev"] = "1.0     ";
    files[drive + "state"] = dead != nullptr && whole(dead, "drive", 0) == i ? "dead" : "live";
  }
}

void add_memory(const State& state, Files& files) {
  constexpr int kModuleMib = 65536;
  const FaultState* const errors = find_fault(state, "host_memory_errors", kNoSlot);
  const FaultState* const missing = find_fault(state, "dimm_missing", kNoSlot);
  for (int i = 0; i < kMemoryControllers; ++i) {
    const std::string controller = fmt::format("/sys/devices/system/edac/mc/mc{}/", i);
    const bool here = errors != nullptr && whole(errors, "controller", 0) == i;
    files[controller + "mc_name"] = fmt::format("Intel_10nm Socket#{} IMC#{}", i / 4, i % 4);
    const bool lacks = missing != nullptr && whole(missing, "controller", 0) == i;
    files[controller + "size_mb"] = std::to_string(kModuleMib * (lacks ? 3 : 4));
    for (int module = 0; module < (lacks ? 3 : 4); ++module) {
      const std::string dimm = fmt::format("{}dimm{}/", controller, module);
      files[dimm + "dimm_label"] =
          fmt::format("CPU_SrcID#{}_MC#{}_Chan#{}_DIMM#{}", i / 4, i % 4, module / 2, module % 2);
      files[dimm + "size"] = std::to_string(kModuleMib);
      const bool of_this = here && module == 0;
      files[dimm + "dimm_ce_count"] = std::to_string(of_this ? whole(errors, "corrected", 0) : 0);
      files[dimm + "dimm_ue_count"] = std::to_string(of_this ? whole(errors, "uncorrected", 0) : 0);
    }
    files[controller + "ce_count"] = std::to_string(here ? whole(errors, "corrected", 0) : 0);
    files[controller + "ue_count"] = std::to_string(here ? whole(errors, "uncorrected", 0) : 0);
  }
}

void add_nvswitches(const State& state, Files& files) {
  const FaultState* const other = find_fault(state, "nvswitch_firmware", kNoSlot);
  for (int i = 0; i < state.nvswitches; ++i) {
    const bool differs = other != nullptr && whole(other, "nvswitch", 3) == i;
    files[fmt::format("/proc/driver/nvidia-nvswitch/devices/{}/information", nvswitch_address(i))] =
        fmt::format("BIOS Version: 96.10.{}.00.01", differs ? "55" : "57");
  }
}

}  // namespace

std::map<std::string, std::string> files_of_ports(const State& state) {
  Files files;
  add_ports(state, files);
  return files;
}

std::map<std::string, std::string> files_of_machine(const State& state) {
  Files files;
  add_chassis(state, files);
  add_processors(files);
  add_ports(state, files);
  add_nvswitches(state, files);
  if (state.virtual_pci_ports != 0) return files;
  add_drives(state, files);
  add_memory(state, files);
  return files;
}

}  // namespace assay::sim
