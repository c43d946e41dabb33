#include "harness/node_sim/nvml_library/private_node.h"

#include <cstdio>
#include <ctime>

#include "harness/node/nvml_abi.h"
#include "harness/node_sim/healthy_h200.h"

namespace assay::nvml {
namespace {

using sim::GpuConstants;
using sim::State;

/// A published HGX H200 enumeration: PCI buses in ascending order, and the module behind each.
struct Place {
  int bus, module_id;
};
constexpr Place kPlaces[] = {{0x83, 2}, {0x8b, 4}, {0x93, 1}, {0x9b, 3},
                             {0xa3, 7}, {0xab, 5}, {0xb3, 6}, {0xbb, 8}};

// Eight H200s at rest draw 74 to 79 W at 28 to 31 C.
constexpr double kIdlePowerW = 74;
constexpr double kIdlePowerStepW = 0.7;

template <std::size_t size, typename... Arguments>
void print(char (&text)[size], const char* format, Arguments... arguments) {
  std::snprintf(text, size, format, arguments...);
}

void set_gpu(State& state, int i, Nanoseconds now) {
  GpuConstants& constants = state.constants[i];
  sim::make_healthy_h200(constants);
  print(constants.uuid, "GPU-a55a0000-51d0-4000-8000-%012d", i + 1);
  print(constants.serial, "1652024%06d", i + 1);
  print(constants.pci_address, "0000:%02x:00.0", static_cast<unsigned>(kPlaces[i].bus));
  constants.module_id = kPlaces[i].module_id;
  constants.slot = kPlaces[i].module_id - 1;
  sim::make_healthy(state.dynamic[i], state.plant, now, true,
                    kIdlePowerW + i * kIdlePowerStepW - state.plant.speed.power.idle_w);
}

}  // namespace

sim::SharedState make_private_node() {
  sim::SharedState shared = sim::SharedState::anonymous();
  State& state = *shared;
  print(state.driver_version, "580.95.05");
  print(state.nvml_version, "13.580.95.05");
  state.cuda_driver_version = 13000;
  state.nvswitches = 4;
  state.fabric_state = kFabricCompleted;
  state.gpu_count = sim::kMaxGpus;
  state.plant = sim::healthy_h200_plant();
  const Nanoseconds now = static_cast<Nanoseconds>(std::time(nullptr)) * kSecond;
  for (int i = 0; i < state.gpu_count; ++i) set_gpu(state, i, now);
  return shared;
}

}  // namespace assay::nvml
