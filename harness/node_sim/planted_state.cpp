#include "harness/node_sim/planted_state.h"

#include <functional>
#include <map>

#include "harness/model/part.h"

namespace assay::sim {
namespace {

struct Target {
  const State& state;
  GpuConstants& constants;
  GpuDynamic& dynamic;
  const std::map<std::string, double>& parameters;

  std::int64_t parameter(const char* name) const { return static_cast<std::int64_t>(parameters.at(name)); }
};

constexpr std::int64_t kBytesPerMib = 1 << 20;

void add_foreign_process(const Target& gpu) {
  const std::int64_t bytes = gpu.parameter("memory") * kBytesPerMib;
  gpu.dynamic.processes[0] = {static_cast<std::int32_t>(gpu.parameter("pid")), 0, bytes};
  gpu.dynamic.memory_used_bytes += bytes;
}

const std::map<std::string, std::function<void(const Target&)>>& plantings() {
  static const std::map<std::string, std::function<void(const Target&)>> table{
      {"wrong_part",
       [](const Target& gpu) {
         gpu.constants.pci_device = static_cast<std::uint32_t>(gpu.parameter("pci_device"));
       }},
      {"memory_short",
       [](const Target& gpu) { gpu.constants.memory_bytes -= gpu.parameter("missing") * kBytesPerMib; }},
      {"other_vbios", [](const Target& gpu) { set_text(gpu.constants.vbios, "96.00.74.00.1A"); }},
      {"ecc_off", [](const Target& gpu) { gpu.dynamic.ecc_enabled = 0; }},
      {"mig_on", [](const Target& gpu) { gpu.dynamic.mig_enabled = 1; }},
      {"compute_mode",
       [](const Target& gpu) {
         gpu.dynamic.compute_mode = static_cast<std::int32_t>(gpu.parameter("mode"));
       }},
      {"power_limit",
       [](const Target& gpu) {
         constexpr std::int64_t kMilliwattsPerWatt = 1000;
         gpu.dynamic.power_limit_mw = static_cast<std::int32_t>(gpu.parameter("limit") * kMilliwattsPerWatt);
       }},
      {"pcie_generation",
       [](const Target& gpu) {
         gpu.dynamic.pcie_generation = gpu.dynamic.pcie_max_generation =
             static_cast<std::int32_t>(gpu.parameter("generation"));
       }},
      {"pcie_width",
       [](const Target& gpu) {
         gpu.dynamic.pcie_width = gpu.dynamic.pcie_max_width =
             static_cast<std::int32_t>(gpu.parameter("width"));
       }},
      {"nvlinks_down",
       [](const Target& gpu) {
         gpu.dynamic.nvlinks_active -= static_cast<std::int32_t>(gpu.parameter("links"));
       }},
      {"sram_threshold", [](const Target& gpu) { gpu.dynamic.sram_threshold_exceeded = 1; }},
      {"row_remap_failure", [](const Target& gpu) { gpu.dynamic.remap_failure = 1; }},
      {"rows_remapped", [](const Target& gpu) { gpu.dynamic.remapped_uncorrected = gpu.parameter("rows"); }},
      {"recovery_action",
       [](const Target& gpu) {
         gpu.dynamic.recovery_action = static_cast<std::int32_t>(gpu.parameter("action"));
       }},
      {"memory_held",
       [](const Target& gpu) {
         gpu.dynamic.memory_held_bytes = gpu.parameter("memory") * kBytesPerMib;
         gpu.dynamic.memory_used_bytes += gpu.dynamic.memory_held_bytes;
       }},
      {"not_idle",
       [](const Target& gpu) { gpu.dynamic.foreign_utilisation = gpu.parameters.at("utilisation"); }},
      {"counter_reset", [](const Target& gpu) { gpu.dynamic.ecc_corrected_dram = 3; }},
      {"gpu_missing", [](const Target& gpu) { gpu.dynamic.present = 0; }},
      {"row_remap_pending", [](const Target& gpu) { gpu.dynamic.remap_pending = 1; }},
      {"foreign_process", add_foreign_process},
  };
  return table;
}

}  // namespace

void plant_in_state(State& state, const config::Fault& fault) {
  const auto planting = plantings().find(fault.kind);
  const int gpu = gpu_index_of_slot(state, fault.part.gpu_slot().value_or(-1));
  if (planting == plantings().end() || gpu < 0) return;
  planting->second({state, state.constants[gpu], state.dynamic[gpu], fault.parameters});
}

}  // namespace assay::sim
