#include "suites/pcie/host_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>

namespace assay::pcie {

Part part_of_socket(int socket) {
  return Part("node").below(fmt::format("socket{}", socket));
}

void measure_host_memory(Context& context, const std::vector<int>& nodes, const std::vector<int>& near) {
  const HostFiles& files = context.host().files();
  bool all_measured = true;
  for (const int node : near) {
    if (node < 0 || nodes.empty() || std::count(nodes.begin(), nodes.end(), node) > 0) continue;
    context.log(fmt::format("NUMA node {} has no memory, and GPUs are near to it", node));
    all_measured = false;
  }
  std::map<int, std::optional<double>> of_sockets;  // GB/s
  const std::vector<int> measured = nodes.empty() ? std::vector{kAnyNumaNode} : nodes;
  for (const int node : measured) {
    auto& sum = of_sockets.try_emplace(numa::socket_of(files, node), 0.0).first->second;
    try {
      const double rate = context.host().memory_rate(node) * 1e-9;
      if (sum) *sum += rate;
    } catch (const std::exception& error) {
      context.log(fmt::format("memory of NUMA node {} was not measured: {}", node, error.what()));
      sum.reset();
      all_measured = false;
    }
  }
  for (const auto& [socket, rate] : of_sockets) {
    if (rate) context.measure_at(part_of_socket(socket), "host_memory", *rate, Unit::gb_per_s);
  }
  if (all_measured)
    context.measure_at("node", "numa_nodes", static_cast<double>(measured.size()), Unit::count);
}

}  // namespace assay::pcie
