#include "harness/node_sim/build_state.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "harness/base/hash.h"
#include "harness/model/part.h"
#include "harness/model/units.h"
#include "harness/node/nvml_abi.h"
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/plant.h"

namespace assay::sim {
namespace {

PlantConstants plant_constants(const config::PlantFile& file) {
  return {file.speed,
          file.unit_spread,
          file.launch_noise,
          file.tensor_full_mhz,
          file.ambient_c,
          file.fast_resistance_c_per_w,
          file.fast_time_constant_s,
          file.slow_resistance_c_per_w,
          file.slow_time_constant_s,
          file.hbm_offset_c,
          file.hbm_extra_c,
          file.fans,
          file.leakage,
          file.idle_sm_mhz,
          file.boost_sm_mhz,
          file.memory_mhz,
          file.socket_link_bytes_per_s};
}

constexpr double kSpreadLimit = 2.5;  // standard deviations: a healthy delivery has been tested by its maker

/// Number of the port at this address, which may stand above other GPUs already. Switches have two ports on a
/// GPU's way: counted from the GPU, every other one looks towards the root.
std::int32_t place_port(State& state, const std::string& address, std::int32_t above, bool towards_root) {
  for (std::int32_t number = 1; number <= state.pci_port_count; ++number) {
    if (address == state.pci_port(number)->address) return number;
  }
  PciPort& port = *state.pci_port(++state.pci_port_count);
  set_text(port.address, address);
  port.above = above;
  port.towards_root = towards_root ? 1 : 0;
  port.generation = port.max_generation = kHealthyPcieGeneration;
  port.width = port.max_width = kHealthyPcieWidth;
  return state.pci_port_count;
}

std::int32_t place_ports(State& state, const std::vector<std::string>& addresses) {
  std::int32_t above = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i)
    above = place_port(state, addresses[i], above, (addresses.size() - i) % 2 == 0);
  return above;
}

void build_gpu(State& state, int index, const NodeSetup& setup) {
  const config::SimGpu& gpu = setup.node.gpus[static_cast<std::size_t>(index)];
  GpuConstants& constants = state.constants[index];
  make_healthy_h200(constants);
  set_text(constants.name, setup.node.gpu_name);
  set_text(constants.uuid, gpu.uuid);
  set_text(constants.serial, gpu.serial);
  set_text(constants.board_part_number, gpu.board_part_number);
  set_text(constants.vbios, gpu.vbios);
  set_text(constants.pci_address, gpu.pci_address);
  constants.module_id = gpu.module_id;
  const auto slot = setup.slot_of_module.find(gpu.module_id);
  constants.slot = slot == setup.slot_of_module.end() ? index : slot->second;
  constants.pci_device = setup.node.pci_device;
  constants.pci_subsystem = setup.node.pci_subsystem;
  constants.pci_port = place_ports(state, gpu.pci_ports);
  set_text(constants.pci_slot, gpu.pci_slot);
  constants.numa_node = gpu.numa_node;
  constants.memory_bytes = static_cast<std::int64_t>(setup.node.memory_mib * kBytesPerMib);
  constants.cell_words = setup.node.cell_words;
  const auto place = [&](const char* of_what) {
    return std::clamp(deviate(setup.seed, of_what + gpu.serial, 0), -kSpreadLimit, kSpreadLimit);
  };
  constants.bandwidth_factor = 1 + state.plant.unit_spread * place("unit/");

  GpuDynamic& dynamic = state.dynamic[index];
  make_healthy(dynamic, state.plant, setup.start, state.has_fabric());
  dynamic.inlet_excess_c = gpu.warmer_air_c;
  dynamic.resistance_excess = setup.node.plant.resistance_spread * place("cooling/");
  dynamic.pcie_replay = static_cast<std::int64_t>(hash_text(setup.seed, "replays/" + gpu.serial) % 4);
}

void add_fault(State& state, const config::Fault& fault) {
  if (state.fault_count >= kMaxFaults)
    throw std::invalid_argument("more than " + std::to_string(kMaxFaults) + " faults");
  FaultState& planted = state.faults[state.fault_count++];
  set_text(planted.kind, fault.kind);
  planted.slot = fault.part.gpu_slot().value_or(kNoSlot);
  planted.nvswitch = fault.part.nvswitch_number().value_or(-1);
  std::size_t i = 0;
  for (const auto& [name, value] : fault.parameters) {
    if (i >= kMaxFaultParameters)
      throw std::invalid_argument("fault " + fault.name + " has too many parameters");
    set_text(planted.parameters[i].name, name);
    planted.parameters[i++].value = value;
  }
  i = 0;
  for (const auto& [name, value] : fault.texts) {
    if (i >= kMaxFaultTexts) throw std::invalid_argument("fault " + fault.name + " has too many texts");
    set_text(planted.texts[i].name, name);
    set_text(planted.texts[i++].value, value);
  }
  const FaultHooks* hooks = fault_hooks(planted);
  const int gpu = gpu_index_of_slot(state, planted.slot);
  if (hooks != nullptr && hooks->at_start != nullptr && gpu >= 0) hooks->at_start({state, gpu, planted});
  if (hooks != nullptr && hooks->in_node != nullptr) hooks->in_node(state, planted);
}

}  // namespace

void build_state(State& state, const NodeSetup& setup) {
  if (setup.node.gpus.size() > kMaxGpus) {
    throw std::invalid_argument("a simulated node has at most " + std::to_string(kMaxGpus) + " GPUs");
  }
  state.seed = setup.seed;
  set_text(state.driver_version, setup.node.driver_version);
  set_text(state.nvml_version, setup.node.nvml_version);
  set_text(state.kernel_log_path, setup.kernel_log_path);
  state.cuda_driver_version = setup.node.cuda_driver_version;
  state.nvswitches = setup.node.nvswitches;
  state.nvswitches_hidden = setup.node.nvswitches_hidden ? 1 : 0;
  state.fabric_state = nvml::kFabricCompleted;
  state.virtual_pci_ports = setup.node.virtual_pci_ports ? 1 : 0;
  state.gpu_count = static_cast<std::int32_t>(setup.node.gpus.size());
  state.clock.now = setup.start;
  state.clock.time_scale = setup.time_scale;
  state.plant = plant_constants(setup.node.plant);
  for (int i = 0; i < state.gpu_count; ++i) build_gpu(state, i, setup);
  for (const config::Fault& fault : setup.faults) add_fault(state, fault);
}

}  // namespace assay::sim
