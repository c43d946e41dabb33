#include "harness/node_sim/nvml_library/planted.h"

#include <cstring>

#include "harness/node/nvml_result.h"

namespace assay::nvml {
namespace {

Return error_named(std::string_view name) {
  constexpr int kLastInARow = static_cast<int>(Return::reset_type_not_supported);
  for (int code = 0; code <= kLastInARow; ++code) {
    if (word(static_cast<Return>(code)) == name) return static_cast<Return>(code);
  }
  return Return::unknown;
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
                         std::string(fault_text(fault, "text")), fault_parameter(fault, "delay", 0), &fault};
  }
  return std::nullopt;
}

}  // namespace assay::nvml
