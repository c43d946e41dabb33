#include "harness/node_sim/nvml_library/private_node.h"

#include <cstdio>
#include <ctime>

namespace assay::nvml {
namespace {

using sim::GpuConstants;
using sim::GpuDynamic;
using sim::State;

/// A published HGX H200 enumeration: PCI buses in ascending order, and the module behind each.
struct Place {
  int bus, module_id;
};
constexpr Place kPlaces[] = {{0x83, 2}, {0x8b, 4}, {0x93, 1}, {0x9b, 3},
                             {0xa3, 7}, {0xab, 5}, {0xb3, 6}, {0xbb, 8}};

constexpr std::int64_t kMemoryBytes = 143771LL << 20;  // nvidia-smi's 143771 MiB
// Eight H200s at rest draw 74 to 79 W at 28 to 31 C.
constexpr double kIdlePowerW = 74;
constexpr double kIdlePowerStepW = 0.7;

template <std::size_t size, typename... Arguments>
void print(char (&text)[size], const char* format, Arguments... arguments) {
  std::snprintf(text, size, format, arguments...);
}

void set_plant(sim::PlantConstants& plant) {
  plant.idle_power_w = kIdlePowerW;
  plant.context_power_w = 113;
  plant.hbm_full_power_w = 585;
  plant.power_limit_w = 700;
  plant.ambient_c = 24;
  plant.fast_resistance_c_per_w = 0.030;
  plant.fast_time_constant_s = 8;
  plant.slow_resistance_c_per_w = 0.040;
  plant.slow_time_constant_s = 90;
  plant.hbm_offset_c = -3;
  plant.hbm_extra_c = 14;
  plant.idle_sm_mhz = 345;
  plant.boost_sm_mhz = 1980;
  plant.memory_mhz = 3201;
}

void set_gpu(State& state, int i, Nanoseconds now) {
  GpuConstants& constants = state.constants[i];
  print(constants.name, "NVIDIA H200");
  print(constants.uuid, "GPU-a55a0000-51d0-4000-8000-%012d", i + 1);
  print(constants.serial, "1652024%06d", i + 1);
  print(constants.board_part_number, "695-2G520-0280-000");
  print(constants.vbios, "96.00.A5.00.03");
  print(constants.inforom_image, "G520.0280.02.02");
  print(constants.pci_address, "0000:%02x:00.0", static_cast<unsigned>(kPlaces[i].bus));
  constants.module_id = kPlaces[i].module_id;
  constants.slot = kPlaces[i].module_id - 1;
  constants.pci_device = 0x233510de;
  constants.pci_subsystem = 0x18be10de;
  constants.memory_bytes = kMemoryBytes;
  constants.bandwidth_factor = 1;

  GpuDynamic& dynamic = state.dynamic[i];
  dynamic.present = 1;
  dynamic.ecc_enabled = dynamic.persistence_enabled = 1;
  dynamic.power_limit_mw = static_cast<std::int32_t>(state.plant.power_limit_w * 1000);
  dynamic.pcie_generation = dynamic.pcie_max_generation = 5;
  dynamic.pcie_width = dynamic.pcie_max_width = 16;
  dynamic.nvlinks_active = sim::kNvlinks;
  dynamic.power_w = kIdlePowerW + i * kIdlePowerStepW;
  dynamic.heat_time = now;
  dynamic.fast_rise_c = dynamic.power_w * state.plant.fast_resistance_c_per_w;
  dynamic.slow_rise_c = dynamic.power_w * state.plant.slow_resistance_c_per_w;
}

}  // namespace

sim::SharedState make_private_node() {
  sim::SharedState shared = sim::SharedState::anonymous();
  State& state = *shared;
  print(state.driver_version, "580.95.05");
  print(state.nvml_version, "13.580.95.05");
  state.cuda_driver_version = 13000;
  state.nvswitches = 4;
  state.gpu_count = sim::kMaxGpus;
  set_plant(state.plant);
  const Nanoseconds now = static_cast<Nanoseconds>(std::time(nullptr)) * kSecond;
  for (int i = 0; i < state.gpu_count; ++i) set_gpu(state, i, now);
  return shared;
}

}  // namespace assay::nvml
