#include "harness/node_sim/faults/fault_kind.h"

#include <cstring>
#include <map>
#include <string>
#include <utility>

namespace assay::sim {
namespace {

std::map<std::string, FaultHooks>& hooks_by_kind() {
  static std::map<std::string, FaultHooks> all;
  return all;
}

}  // namespace

RegisteredFault::RegisteredFault(config::FaultKind kind, const FaultHooks& hooks) {
  hooks_by_kind()[kind.name] = hooks;
  config::register_fault_kind(std::move(kind));
}

const FaultHooks* fault_hooks(const FaultState& fault) {
  const auto found = hooks_by_kind().find({fault.kind, strnlen(fault.kind, sizeof(fault.kind))});
  return found == hooks_by_kind().end() ? nullptr : &found->second;
}

PciPort* switch_above(State& state, int gpu) {
  const PciPort* const own = state.pci_port(state.constants[gpu].pci_port);
  return own == nullptr ? nullptr : state.pci_port(own->above);
}

}  // namespace assay::sim
