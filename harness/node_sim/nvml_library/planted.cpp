#include "harness/node_sim/nvml_library/planted.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace assay::nvml {
namespace {

constexpr std::pair<std::string_view, Return> kErrors[] = {
    {"success", Return::success},
    {"not_supported", Return::not_supported},
    {"no_permission", Return::no_permission},
    {"timeout", Return::timeout},
    {"irq_issue", Return::irq_issue},
    {"gpu_lost", Return::gpu_lost},
    {"reset_required", Return::reset_required},
    {"in_use", Return::in_use},
    {"no_data", Return::no_data},
    {"insufficient_resources", Return::insufficient_resources},
    {"not_ready", Return::not_ready},
    {"invalid_state", Return::invalid_state},
};

Return error_named(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kErrors), std::end(kErrors),
                                         [&](const auto& known) { return known.first == name; });
  return found == std::end(kErrors) ? Return::unknown : found->second;
}

bool is_kind(const sim::FaultState& fault, const char* kind) {
  return std::strncmp(fault.kind, kind, sizeof(fault.kind)) == 0;
}

/// One more call that it is about.
bool is_due(sim::FaultState& fault) {
  ++fault.calls;
  const double from = fault_parameter(fault, "from", 1), to = fault_parameter(fault, "to", 0);
  return fault.calls >= from && (to == 0 || fault.calls <= to);
}

}  // namespace

bool hangs(sim::State& state, int gpu) {
  const sim::Lock lock(state.mutex);
  return sim::find_fault(state, "nvml_hang", state.constants[gpu].slot) && state.dynamic[gpu].contexts > 0;
}

std::optional<PlantedAnswer> planted_answer(sim::State& state, int gpu, std::string_view function,
                                            unsigned field) {
  const sim::Lock lock(state.mutex);
  for (int i = 0; i < state.fault_count; ++i) {
    sim::FaultState& fault = state.faults[i];
    if (fault.slot != state.constants[gpu].slot || !is_kind(fault, "nvml_answer")) continue;
    if (fault_text(fault, "function") != function || fault_parameter(fault, "field", 0) != field) continue;
    if (!is_due(fault)) continue;
    return PlantedAnswer{error_named(fault_text(fault, "error")), fault_parameter(fault, "value", 0),
                         fault_parameter(fault, "delay", 0)};
  }
  return std::nullopt;
}

}  // namespace assay::nvml
