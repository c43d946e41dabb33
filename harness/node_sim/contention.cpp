#include "harness/node_sim/contention.h"

#include <algorithm>

#include "harness/node_sim/links.h"

namespace assay::sim {
void Contention::use(std::size_t one, const Place& place, double seconds) {
  if (used_by_.size() <= one) used_by_.resize(one + 1);
  used_by_[one].insert(place);
  seconds_[place] += seconds;
}

void Contention::add(std::size_t one, int gpu, const DeviceSpeed& speed, int at_host_memory,
                     const Work& work) {
  const DeviceSpeed mine = over_links(speed, state_, gpu);
  for (const Demand& demand : work) {
    const Resource resource = resource_of(demand.kind);
    if (resource == Resource::host_memory) {
      use_host_memory(one, gpu, mine, at_host_memory, demand);
      continue;
    }
    use(one, {of_gpu, gpu, static_cast<int>(resource)}, demand.amount / mine.rate(demand.kind));
    if (demand.kind == WorkKind::host_to_device || demand.kind == WorkKind::device_to_host)
      use_ports(one, gpu, demand);
  }
}

/// The rate is that of all NUMA nodes, shared by those that are known to be at work there: a node has its
/// part of it, unless more than that share it.
void Contention::use_host_memory(std::size_t one, int gpu, const DeviceSpeed& speed, int sharers,
                                 const Demand& demand) {
  const int nodes = std::max(1, state_.numa_nodes()), near = state_.constants[gpu].numa_node;
  const int node = std::max(0, demand.peer == kNoPeer ? near : demand.peer);
  double rate = speed.rate(demand.kind) * std::max(1, sharers) / std::max({1, sharers, nodes});
  if (node == nodes - 1) rate *= 1 - state_.host_memory_lost;
  use(one, {numa_node, node, 0}, demand.amount / rate);
  if (node == near || near < 0) return;
  const bool from_far = demand.kind == WorkKind::host_memory;
  use(one, {between_sockets, node, from_far ? 1 : 0},
      demand.amount / (state_.plant.socket_link_bytes_per_s * (1 - state_.socket_link_lost)));
}

void Contention::use_ports(std::size_t one, int gpu, const Demand& demand) {
  for (std::int32_t number = state_.constants[gpu].pci_port; number > 0;
       number = state_.pci_port(number)->above) {
    const PciPort& port = *state_.pci_port(number);
    if (port.towards_root == 0) continue;
    const double rate = state_.plant.speed.rate(demand.kind) * share_of_pcie(port.generation, port.width) *
                        (1 - port.rate_lost);
    use(one, {pci_port, number, static_cast<int>(demand.kind)}, demand.amount / rate);
  }
}

void Contention::add_way(std::size_t one, int from, int to, double seconds) {
  use(one, {between_gpus, from, to}, seconds);
}

double Contention::seconds_of(std::size_t one) const {
  double longest = 0;
  if (one >= used_by_.size()) return longest;
  for (const Place& place : used_by_[one]) longest = std::max(longest, seconds_.at(place));
  return longest;
}

}  // namespace assay::sim
