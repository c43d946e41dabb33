#include "harness/node_sim/planted_state.h"

#include <functional>
#include <map>

#include "harness/node/part.h"

namespace assay::sim {
namespace {

struct Target {
  const State& state;
  GpuConstants& constants;
  GpuDynamic& dynamic;
  const std::map<std::string, double>& parameters;

  std::int64_t parameter(const char* name) const { return static_cast<std::int64_t>(parameters.at(name)); }
};

void add_foreign_process(const Target& gpu) {
  constexpr std::int64_t kBytesPerMib = 1 << 20;
  const std::int64_t bytes = gpu.parameter("memory") * kBytesPerMib;
  gpu.dynamic.processes[0] = {static_cast<std::int32_t>(gpu.parameter("pid")), bytes};
  gpu.dynamic.memory_used_bytes += bytes;
}

const std::map<std::string, std::function<void(const Target&)>>& plantings() {
  static const std::map<std::string, std::function<void(const Target&)>> table{
      {"gpu_missing", [](const Target& gpu) { gpu.dynamic.present = 0; }},
      {"row_remap_pending", [](const Target& gpu) { gpu.dynamic.remap_pending = 1; }},
      {"foreign_process", add_foreign_process},
  };
  return table;
}

}  // namespace

void plant_in_state(State& state, const config::Fault& fault) {
  const auto planting = plantings().find(fault.kind);
  const int gpu = gpu_index_of_slot(state, gpu_slot(fault.part).value_or(-1));
  if (planting == plantings().end() || gpu < 0) return;
  planting->second({state, state.constants[gpu], state.dynamic[gpu], fault.parameters});
}

}  // namespace assay::sim
