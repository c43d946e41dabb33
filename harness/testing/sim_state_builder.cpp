#include "harness/testing/sim_state_builder.h"

#include <cstdio>
#include <fstream>

namespace assay::testing {
namespace {

template <std::size_t size, typename... Arguments>
void print(char (&text)[size], const char* format, Arguments... arguments) {
  std::snprintf(text, size, format, arguments...);
}

void fill_plant(sim::PlantConstants& plant) {
  plant.idle_power_w = 75;
  plant.context_power_w = 113;
  plant.hbm_full_power_w = 585;
  plant.power_limit_w = 700;
  plant.ambient_c = 24;
  plant.fast_resistance_c_per_w = 0.03;
  plant.fast_time_constant_s = 8;
  plant.slow_resistance_c_per_w = 0.04;
  plant.slow_time_constant_s = 90;
  plant.hbm_offset_c = -3;
  plant.hbm_extra_c = 14;
  plant.idle_sm_mhz = 345;
  plant.boost_sm_mhz = 1980;
  plant.memory_mhz = 3201;
}

void fill_gpu(sim::State& state, int i) {
  sim::GpuConstants& constants = state.constants[i];
  print(constants.name, "NVIDIA H200");
  print(constants.uuid, "GPU-00000000-0000-4000-8000-%012d", i);
  print(constants.serial, "1650024%06d", i);
  print(constants.board_part_number, "695-2G520-0280-000");
  print(constants.vbios, "96.00.A5.00.03");
  print(constants.inforom_image, "G520.0280.02.02");
  print(constants.pci_address, "0000:%02x:00.0", static_cast<unsigned>(test_pci_bus(i)));
  constants.module_id = i + 1;
  constants.slot = i;
  constants.pci_device = 0x233510de;
  constants.pci_subsystem = 0x18be10de;
  constants.memory_bytes = 143771LL << 20;

  sim::GpuDynamic& dynamic = state.dynamic[i];
  dynamic.present = 1;
  dynamic.heat_time = kTestNodeTime;
  dynamic.power_w = 75 + i;
  dynamic.fast_rise_c = dynamic.power_w * state.plant.fast_resistance_c_per_w;
  dynamic.slow_rise_c = dynamic.power_w * state.plant.slow_resistance_c_per_w;
  dynamic.energy_j = 1000;
  dynamic.ecc_enabled = dynamic.persistence_enabled = 1;
  dynamic.power_limit_mw = 700'000;
  dynamic.pcie_generation = dynamic.pcie_max_generation = 5;
  dynamic.pcie_width = dynamic.pcie_max_width = 16;
  dynamic.nvlinks_active = sim::kNvlinks;
}

}  // namespace

int test_pci_bus(int gpu) {
  return 0xbb - 8 * gpu;
}

SimStateFile::SimStateFile() : state_(sim::SharedState::create(path_)) {
  std::ofstream(kernel_log_path()).flush();
  sim::State& state = *state_;
  state.seed = 1;
  print(state.driver_version, "580.95.05");
  print(state.nvml_version, "13.580.95.05");
  print(state.kernel_log_path, "%s", kernel_log_path().c_str());
  state.cuda_driver_version = 13000;
  state.nvswitches = 4;
  state.gpu_count = sim::kMaxGpus;
  state.clock.now = kTestNodeTime;
  fill_plant(state.plant);
  for (int i = 0; i < state.gpu_count; ++i) fill_gpu(state, i);
}

}  // namespace assay::testing
