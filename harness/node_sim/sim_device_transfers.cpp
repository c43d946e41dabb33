// What work on a simulated GPU asks of it, of its peers and of the host, how long that takes, and what
// becomes of data on their way.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/links.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_device.h"
#include "harness/node_sim/simulated_host.h"
#include "harness/node_sim/thermal_model.h"

namespace assay::sim {

void SimDevice::add_end(Ends& ends, SimDevice& device, const Demand& demand) {
  auto found = std::find_if(ends.begin(), ends.end(), [&](const auto& end) { return end.first == &device; });
  if (found == ends.end()) found = ends.insert(ends.end(), {&device, Work()});
  found->second.add(demand.kind, demand.amount, demand.peer);
}

SimDevice::Ends SimDevice::ends_of(const Work& work) {
  Ends ends{{this, {}}};
  for (const Demand& demand : work) {
    if (!is_with_peer(demand.kind)) {
      add_end(ends, *this, demand);
      continue;
    }
    auto* const peer = static_cast<SimDevice*>(cuda_emulation::visible_device(demand.peer));
    if (peer == nullptr || peer == this) throw std::logic_error("work with a peer that is none");
    const bool linked = can_access(*peer);
    const BothEnds both = at_both_ends(demand, linked);
    add_end(ends, *this, both.here);
    add_end(ends, *peer, both.there);
    // Written there, and read again.
    if (!linked) add_end(ends, *this, {WorkKind::host_memory, 2 * demand.amount});
  }
  return ends;
}

double SimDevice::share_of_way(const SimDevice& peer) const {
  double share = 1;
  const auto look = [&](const SimDevice& here, const SimDevice& there) {
    for_each_fault(*state_, here.constants().slot, [&](const FaultState& fault, const FaultHooks& hooks) {
      if (hooks.share_of_way != nullptr) share *= hooks.share_of_way(fault, there.constants().slot);
    });
  };
  look(*this, peer);
  look(peer, *this);
  return share;
}

void SimDevice::add_to(Contention& contention, std::size_t one, const Work& work, const Ends& ends) {
  constexpr auto kHostMemory = static_cast<std::size_t>(Resource::host_memory);
  for (const auto& [end, asked] : ends)
    contention.add(one, end->index_, at(end->speed_, end->clock_shares(asked)), end->sharers_[kHostMemory],
                   asked);
  for (const Demand& demand : work) {
    if (!is_with_peer(demand.kind)) continue;
    const auto& peer = static_cast<const SimDevice&>(*cuda_emulation::visible_device(demand.peer));
    const double share = share_of_way(peer);
    if (share == 1) continue;
    const double seconds = demand.amount / (state_->plant.speed.rate(demand.kind) * share);
    const bool sent = resource_of(demand.kind) == Resource::nvlink_out;
    contention.add_way(one, sent ? index_ : peer.index_, sent ? peer.index_ : index_, seconds);
  }
}

bool SimDevice::can_access(const cuda_emulation::Device& peer) const {
  const Lock lock(state_->mutex);
  return can_reach(*state_, index_, static_cast<const SimDevice&>(peer).index_);
}

int SimDevice::numa_node_of(const void* memory) const {
  return numa_node_of_pages(memory);
}

Loads SimDevice::beside_sharers(Loads own) const {
  constexpr std::int64_t kAll = 1'000'000;
  constexpr auto kMemory = static_cast<std::size_t>(Resource::memory);
  const int at_memory = sharers_[kMemory];
  if (at_memory > 1) own[kMemory] += kAll * (at_memory - 1) / at_memory;
  return own;
}

SimDevice::Shares SimDevice::clock_shares(const Work& work) const {
  const PlantConstants& plant = state_->plant;
  const GpuDynamic& gpu = state_->dynamic[index_];
  const Holds healthy{true, plant.speed.power.limit_w};
  const Holds holds = holds_at(gpu, heat_at(plant, gpu, clock_.now()), clock_.now());
  const Loads own = loads_of(work, speed_.seconds_of_demands(work), plant.speed);
  const Loads all = beside_sharers(own);
  const double full_mhz = govern(plant, healthy, own).sm_mhz;
  const double mhz = govern(plant, holds, all).sm_mhz;
  Shares shares;
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const auto work_kind = static_cast<WorkKind>(kind);
    shares[kind] = share_at(work_kind, mhz, plant) / share_at(work_kind, full_mhz, plant);
  }
  return shares;
}

DeviceSpeed SimDevice::at(DeviceSpeed speed, const Shares& shares) {
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) speed.per_s[kind] *= shares[kind];
  return speed;
}

double SimDevice::seconds_of(const Work& work, const Ends& ends) {
  const Lock lock(state_->mutex);
  Contention contention(*state_);
  add_to(contention, 0, work, ends);
  return contention.seconds_of(0);
}

double SimDevice::noise_of_next_transfer() {
  const std::string stream = "transfer/" + std::to_string(constants().slot);
  return std::max(0.1, 1 + state_->plant.launch_noise * deviate(step_seed_, stream, transfers_++));
}

void SimDevice::before_copy(const Work& work) {
  if (work.amount(Resource::pcie_in) + work.amount(Resource::pcie_out) == 0) return;
  for_each_fault(*state_, constants().slot, [&](FaultState& fault, const FaultHooks& hooks) {
    if (hooks.at_copy != nullptr) hooks.at_copy({*state_, index_, clock_, launches_, fault, check_});
  });
}

void SimDevice::transfer(const Work& work, const std::function<void()>& body) {
  before_copy(work);
  const Ends ends = ends_of(work);
  run(ends, body);
  double seconds = seconds_of(work, ends);
  if (seconds >= kShort_s) seconds *= noise_of_next_transfer();
  seconds += speed_.transfer_s;
  // Of a link as it should be: that one is slow is nothing that a check declares.
  if (state_->plant.speed.seconds_of_demands(work) >= kShort_s) require_declared(work);
  if (seconds >= kShort_s) return load_for(seconds, ends);
  count(ends);
  owe(seconds);
}

void SimDevice::work_together(std::vector<cuda_emulation::Concurrent>& all) {
  Contention contention(*state_);
  Ends together;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& device = static_cast<SimDevice&>(*all[i].device);
    device.require_declared(all[i].work);
    device.before_copy(all[i].work);
    const Ends ends = device.ends_of(all[i].work);
    const Lock lock(state_->mutex);
    device.add_to(contention, i, all[i].work, ends);
    for (const auto& [end, asked] : ends) {
      for (const Demand& demand : asked) add_end(together, *end, demand);
    }
  }
  double longest = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& device = static_cast<SimDevice&>(*all[i].device);
    const double seconds = contention.seconds_of(i) * device.noise_of_next_transfer() + speed_.transfer_s;
    all[i].took = nanoseconds_of(seconds);
    longest = std::max(longest, seconds);
  }
  load_for(longest, together);
}

void SimDevice::arrived(const Work& work, void* data, std::uint64_t bytes) {
  for (const Demand& demand : work) {
    const auto* const peer = is_with_peer(demand.kind)
                                 ? static_cast<const SimDevice*>(cuda_emulation::visible_device(demand.peer))
                                 : nullptr;
    damage_on_the_way(demand.kind, peer, data, bytes);
  }
}

void SimDevice::damage_on_the_way(WorkKind kind, const SimDevice* peer, void* data, std::uint64_t bytes) {
  const auto damage = [&](int slot, int peer_slot) {
    for_each_fault(*state_, slot, [&](FaultState& fault, const FaultHooks& hooks) {
      if (hooks.on_the_way != nullptr) hooks.on_the_way({fault, kind, peer_slot, data, bytes});
    });
  };
  const int here = constants().slot;
  if (peer == nullptr) return damage(here, kNoPeer);
  damage(here, peer->constants().slot);
  damage(peer->constants().slot, here);
}

}  // namespace assay::sim
