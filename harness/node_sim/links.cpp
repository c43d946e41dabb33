#include "harness/node_sim/links.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "harness/node_sim/healthy_h200.h"
#include "harness/node_sim/nvlink_wiring.h"

namespace assay::sim {
namespace {

constexpr double kPeakMemoryBytesPerSecond = 4.8e12;  // H200 datasheet

std::int64_t active_nvlinks(const State& state, int gpu) {
  const Nvlink(&links)[kNvlinks] = state.dynamic[gpu].nvlinks;
  return std::count_if(std::begin(links), std::end(links),
                       [&](const Nvlink& link) { return is_up(link, state.clock.now); });
}

/// Of what the rates were measured at. Every generation doubles the one before it.
double share_of(std::int32_t generation, std::int32_t width) {
  return std::ldexp(static_cast<double>(width) / kHealthyPcieWidth, generation - kHealthyPcieGeneration);
}

double pcie_share(const State& state, int gpu) {
  const GpuDynamic& dynamic = state.dynamic[gpu];
  double share = share_of(dynamic.pcie_generation, dynamic.pcie_width);
  for (const PciPort* port = state.pci_port(state.constants[gpu].pci_port); port != nullptr;
       port = state.pci_port(port->above)) {
    if (port->towards_root != 0) share = std::min(share, share_of(port->generation, port->width));
  }
  return share;
}

}  // namespace

DeviceSpeed over_links(DeviceSpeed speed, const State& state, int gpu) {
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const Resource resource = resource_of(static_cast<WorkKind>(kind));
    if (resource == Resource::pcie_in || resource == Resource::pcie_out)
      speed.per_s[kind] *= pcie_share(state, gpu);
    if (resource == Resource::nvlink_in || resource == Resource::nvlink_out)
      speed.per_s[kind] *= static_cast<double>(active_nvlinks(state, gpu)) / kNvlinks;
  }
  return speed;
}

bool has_nvlink(const State& state, int gpu) {
  return active_nvlinks(state, gpu) > 0;
}

BothEnds at_both_ends(const Demand& demand, bool linked) {
  const WorkKind sends = linked ? WorkKind::to_peer : WorkKind::device_to_host;
  const WorkKind receives = linked ? WorkKind::from_peer : WorkKind::host_to_device;
  const bool sent = demand.kind == WorkKind::to_peer;
  return {{sent ? sends : receives, demand.amount}, {sent ? receives : sends, demand.amount}};
}

void count_traffic(State& state, int index, const Work& work) {
  GpuDynamic& gpu = state.dynamic[index];
  const auto bytes = [&](Resource resource) { return static_cast<std::int64_t>(work.amount(resource)); };
  gpu.pcie_received_bytes += bytes(Resource::pcie_in);
  gpu.pcie_sent_bytes += bytes(Resource::pcie_out);
  const std::int64_t active = active_nvlinks(state, index);
  std::int64_t number = 0;
  for (Nvlink& link : gpu.nvlinks) {
    if (!is_up(link, state.clock.now)) continue;
    const auto share = [&](std::int64_t all) { return all / active + (number < all % active ? 1 : 0); };
    link.received_bytes += share(bytes(Resource::nvlink_in));
    link.sent_bytes += share(bytes(Resource::nvlink_out));
    ++number;
  }
}

Loads loads_of(const Work& work, double seconds, const DeviceSpeed& whole) {
  Loads loads{};
  for (const Demand& demand : work) {
    const Resource resource = resource_of(demand.kind);
    const double most = resource == Resource::memory ? kPeakMemoryBytesPerSecond : whole.rate(demand.kind);
    loads[static_cast<std::size_t>(resource)] +=
        static_cast<std::int64_t>(std::clamp(demand.amount / seconds / most, 0.0, 1.0) * 1e6);
  }
  return loads;
}

}  // namespace assay::sim
