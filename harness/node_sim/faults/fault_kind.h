// One kind of fault in one place: what a configuration can say of it, and where it acts. A new kind is a
// RegisteredFault in the file of its group.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/config/fault.h"
#include "harness/node/clock.h"
#include "harness/node_sim/cuda_emulation/fabric.h"
#include "harness/node_sim/faulty_hbm.h"
#include "harness/node_sim/faulty_sms.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

/// A fault in a GPU, as the node is built.
struct Planting {
  State& state;
  int gpu;
  const FaultState& fault;

  GpuConstants& constants() const { return state.constants[gpu]; }
  GpuDynamic& dynamic() const { return state.dynamic[gpu]; }
  double parameter(const char* name) const { return fault_parameter(fault, name, 0); }
  std::int64_t whole(const char* name) const { return static_cast<std::int64_t>(parameter(name)); }
};

/// A fault in a GPU that work is launched on.
struct Launch {
  State& state;
  int gpu;
  Clock& clock;
  std::uint64_t number;  // of the launch in its context, from 0
  FaultState& fault;
  std::string_view check;  // whose launch it is

  GpuDynamic& dynamic() const { return state.dynamic[gpu]; }
  std::int64_t whole(const char* name) const {
    return static_cast<std::int64_t>(fault_parameter(fault, name, 0));
  }
};

/// Data that go by a fault.
struct Passing {
  FaultState& fault;
  WorkKind kind;
  int peer_slot;  // of work with a peer; else kNoPeer
  void* data;
  std::uint64_t bytes;
};

/// A call of a rank that meets a fault.
struct Calling {
  State& state;
  int gpu;
  FaultState& fault;
  const cuda_emulation::CollectiveCall& call;
};

/// Where a kind acts; a null for where it does not. Faults of the management library act in the stand-in
/// (nvml_library/planted.h), which looks for them by name.
struct FaultHooks {
  /// Changes the node as it is from the start.
  void (*at_start)(const Planting&) = nullptr;
  /// The same, for what is in no GPU.
  void (*in_node)(State&, const FaultState&) = nullptr;
  /// Before each launch on the GPU. May throw DeviceFailure, raise a signal, or never return: then it waits
  /// by the clock, since a hanging GPU does not stop the others' time.
  void (*at_launch)(const Launch&) = nullptr;
  /// Before each copy over PCIe.
  void (*at_copy)(const Launch&) = nullptr;
  /// What loads of a memory of so many words are to meet.
  void (*in_memory)(const FaultState&, std::uint64_t words, MemoryFaults& faults) = nullptr;
  /// What multiprocessors are to compute wrongly.
  void (*in_sms)(const FaultState&, std::vector<BadDatapath>& bad) = nullptr;
  /// Of a rate, what is left.
  double (*share_of)(const FaultState&, WorkKind) = nullptr;
  /// The same of the way to a peer.
  double (*share_of_way)(const FaultState&, int peer_slot) = nullptr;
  /// Changes what a copy has brought, or a kernel has stored to a peer or loaded from it.
  void (*on_the_way)(const Passing&) = nullptr;
  /// What a rank's call of a collective meets. May raise a signal.
  cuda_emulation::Obstacle (*on_entry)(const Calling&) = nullptr;
  /// How many seconds later than it was asked to its process begins it.
  double (*late_by)(const Calling&) = nullptr;
  /// Of the rate at which it works in it, what is left.
  double (*share_in_call)(const Calling&) = nullptr;
  /// Changes what has come from other ranks.
  void (*on_arrival)(const Calling&, const cuda_emulation::Arriving&) = nullptr;
};

/// The port towards the root of the switch that the GPU is at; null where it is at none.
PciPort* switch_above(State& state, int gpu);

class RegisteredFault {
 public:
  RegisteredFault(config::FaultKind kind, const FaultHooks& hooks);
};

/// Null for a kind that this binary does not know.
const FaultHooks* fault_hooks(const FaultState& fault);

/// Calls act(fault, hooks) for each fault that is planted in this slot.
template <typename Act>
void for_each_fault(State& state, int slot, const Act& act) {
  for (int i = 0; i < state.fault_count; ++i) {
    FaultState& fault = state.faults[i];
    const FaultHooks* const hooks = fault.slot == slot ? fault_hooks(fault) : nullptr;
    if (hooks != nullptr) act(fault, *hooks);
  }
}

}  // namespace assay::sim
