#include "harness/testing/sim_state_builder.h"

#include <cstdio>
#include <fstream>

#include "harness/node/nvml_abi.h"
#include "harness/node_sim/healthy_h200.h"

namespace assay::testing_tools {
namespace {

template <std::size_t size, typename... Arguments>
void print(char (&text)[size], const char* format, Arguments... arguments) {
  std::snprintf(text, size, format, arguments...);
}

void fill_gpu(sim::State& state, int i) {
  sim::GpuConstants& constants = state.constants[i];
  sim::make_healthy_h200(constants);
  print(constants.uuid, "GPU-00000000-0000-4000-8000-%012d", i);
  print(constants.serial, "1650024%06d", i);
  print(constants.pci_address, "0000:%02x:00.0", static_cast<unsigned>(test_pci_bus(i)));
  constants.module_id = i + 1;
  constants.slot = i;
  sim::make_healthy(state.dynamic[i], state.plant, kTestNodeTime, true,
                    75 + i - state.plant.speed.power.idle_w);
  state.dynamic[i].heat.energy_j = 1000;
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
  state.fabric_state = nvml::kFabricCompleted;
  state.gpu_count = sim::kMaxGpus;
  state.clock.now = kTestNodeTime;
  state.plant = sim::healthy_h200_plant();
  for (int i = 0; i < state.gpu_count; ++i) fill_gpu(state, i);
}

}  // namespace assay::testing_tools
