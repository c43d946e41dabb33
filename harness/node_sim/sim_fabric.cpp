#include "harness/node_sim/sim_fabric.h"

#include <algorithm>
#include <string_view>

#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/links.h"

namespace assay::sim {
namespace {

using cuda_emulation::Arriving;
using cuda_emulation::CollectiveCall;
using cuda_emulation::Obstacle;

/// Of the bytes that go over a link, what is data: LL sends a flag with every four bytes, LL128 eight bytes
/// of flags with every 120 (NCCL, src/device/prims_ll.h, prims_ll128.h).
double share_of_data(const CollectiveCall& call) {
  const std::string_view protocol = call.protocol;
  if (protocol == "LL") return 0.5;
  if (protocol == "LL128") return 120.0 / 128;
  return 1;
}

WorkKind kind_of(const CollectiveCall& call) {
  if (call.by_network) return WorkKind::sockets;
  return call.algorithm == std::string_view("NVLS") ? WorkKind::multicast : WorkKind::ring;
}

}  // namespace

void SimFabric::park() {
  sim::park(state_->clock, seat_);
}

void SimFabric::park_until(Nanoseconds latest) {
  parked_at_ = clock_.now() + owed_;
  wait_beside(state_->clock, seat_, latest);
}

void SimFabric::unpark(int seat, Nanoseconds from) {
  sim::unpark(state_->clock, seat, from);
}

void SimFabric::sleep_while_parked() {
  sleep_beside(state_->clock, seat_);
}

void SimFabric::wait_until(Nanoseconds time) {
  const Nanoseconds before = parked_at_.value_or(clock_.now() + owed_);
  parked_at_.reset();
  if (time > clock_.now()) clock_.sleep_until(time);
  // What was owed has passed meanwhile.
  owed_ = std::max<Nanoseconds>(0, before - clock_.now());
}

bool SimFabric::multicast() const {
  return state_->has_fabric() && state_->multicast_lost == 0;
}

double SimFabric::seconds_of(const CollectiveCall& call, double bytes, int to_slot) {
  const Lock lock(state_->mutex);
  DeviceSpeed mine = over_links(speed_, *state_, index_);
  const WorkKind kind = kind_of(call);
  double share = share_of_data(call);
  const auto look = [&](int here, int there) {
    for_each_fault(*state_, here, [&](FaultState& fault, const FaultHooks& hooks) {
      if (hooks.share_in_call != nullptr && here == slot())
        share *= hooks.share_in_call({*state_, index_, fault, call});
      if (hooks.share_of_way != nullptr && there >= 0) share *= hooks.share_of_way(fault, there);
    });
  };
  look(slot(), to_slot);
  if (to_slot >= 0 && to_slot != slot()) look(to_slot, slot());
  if (!call.by_network) share *= 1 - state_->nvswitches_lost;
  mine.per_s[static_cast<std::size_t>(kind)] *= share;
  return mine.seconds_of_collective(kind, call.by_network ? bytes * call.ranks : bytes);
}

void SimFabric::carried(const CollectiveCall& call, double bytes) {
  const Lock lock(state_->mutex);
  const Work work = call.by_network
                        ? Work(WorkKind::device_to_host, bytes).add(WorkKind::host_to_device, bytes)
                        : Work(kind_of(call), bytes).add(WorkKind::from_peer, bytes);
  count_traffic(*state_, index_, work);
}

double SimFabric::late_by(const CollectiveCall& call) {
  double late_s = 0;
  for_each_fault(*state_, slot(), [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.late_by != nullptr) late_s += hooks.late_by({*state_, index_, fault, call});
  });
  return late_s;
}

Obstacle SimFabric::obstacle(const CollectiveCall& call) {
  Obstacle met = Obstacle::none;
  for_each_fault(*state_, slot(), [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.on_entry != nullptr && met == Obstacle::none)
      met = hooks.on_entry({*state_, index_, fault, call});
  });
  return met;
}

void SimFabric::arrive(const CollectiveCall& call, const Arriving& data) {
  const std::uint64_t bytes = data.count * data.element_bytes;
  for_each_fault(*state_, data.to_slot, [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.on_arrival != nullptr) hooks.on_arrival({*state_, index_, fault, call}, data);
    if (hooks.on_the_way != nullptr && data.from_slot >= 0)
      hooks.on_the_way({fault, WorkKind::from_peer, data.from_slot, data.data, bytes});
  });
  if (data.from_slot < 0) return;  // by the switches, from all at once
  for_each_fault(*state_, data.from_slot, [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.on_the_way != nullptr)
      hooks.on_the_way({fault, WorkKind::to_peer, data.to_slot, data.data, bytes});
  });
}

}  // namespace assay::sim
