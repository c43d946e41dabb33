// What simulated GPUs use at the same time, each by itself and all together, and how long that takes:
// whatever is used by several has its time for each of them.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "harness/model/work.h"
#include "harness/node_sim/state.h"

namespace assay::sim {

class Contention {
 public:
  /// Of a state whose mutex the caller holds as long as it adds.
  explicit Contention(const State& state) : state_(state) {}

  /// What one of several, by number, asks of this GPU, and of what lies between it and the host's memory.
  /// `speed`: the GPU's own; `at_host_memory`: how many share the host's, in whatever processes.
  void add(std::size_t one, int gpu, const DeviceSpeed& speed, int at_host_memory, const Work& work);
  /// The same of the way from one GPU to another, which takes so long by itself.
  void add_way(std::size_t one, int from, int to, double seconds);

  /// Once all are there: of the most used of what it uses.
  double seconds_of(std::size_t one) const;

 private:
  enum Kind { of_gpu, numa_node, between_sockets, pci_port, between_gpus };
  using Place = std::array<int, 3>;  // kind, and which of it

  void use(std::size_t one, const Place& place, double seconds);
  void use_host_memory(std::size_t one, int gpu, const DeviceSpeed& speed, int sharers, const Demand& demand);
  void use_ports(std::size_t one, int gpu, const Demand& demand);

  const State& state_;
  std::map<Place, double> seconds_;
  std::vector<std::set<Place>> used_by_;
};

}  // namespace assay::sim
