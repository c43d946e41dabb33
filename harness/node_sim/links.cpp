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

}  // namespace

double share_of_pcie(std::int32_t generation, std::int32_t width) {
  return std::ldexp(static_cast<double>(width) / kHealthyPcieWidth, generation - kHealthyPcieGeneration);
}

DeviceSpeed over_links(DeviceSpeed speed, const State& state, int gpu) {
  const GpuDynamic& dynamic = state.dynamic[gpu];
  const double of_pcie = share_of_pcie(dynamic.pcie_generation, dynamic.pcie_width),
               of_nvlink =
                   static_cast<double>(active_nvlinks(state, gpu)) / kNvlinks * (1 - state.nvswitches_lost);
  const auto scale = [&](WorkKind kind, double share) {
    speed.per_s[static_cast<std::size_t>(kind)] *= share;
  };
  for (const WorkKind kind : {WorkKind::host_to_device, WorkKind::device_to_host}) scale(kind, of_pcie);
  for (const WorkKind kind :
       {WorkKind::from_peer, WorkKind::to_peer, WorkKind::peer_loads, WorkKind::peer_stores})
    scale(kind, of_nvlink);
  return speed;
}

bool can_reach(const State& state, int gpu, int other) {
  const auto is_linked = [&](int one) {
    return active_nvlinks(state, one) > 0 && state.dynamic[one].peer_access_lost == 0;
  };
  return is_linked(gpu) && is_linked(other);
}

BothEnds at_both_ends(const Demand& demand, bool linked) {
  constexpr double kBytesOfALoad = 32;  // a sector
  const bool sent = resource_of(demand.kind) == Resource::nvlink_out;
  const double bytes =
      demand.kind == WorkKind::peer_round_trips ? kBytesOfALoad * demand.amount : demand.amount;
  if (linked) return {{demand.kind, demand.amount}, {sent ? WorkKind::from_peer : WorkKind::to_peer, bytes}};
  constexpr WorkKind kOut = WorkKind::device_to_host, kIn = WorkKind::host_to_device;
  return {{sent ? kOut : kIn, bytes}, {sent ? kIn : kOut, bytes}};
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
    const double load_ppm = std::clamp(demand.amount / seconds / most, 0.0, 1.0) * 1e6;
    loads[static_cast<std::size_t>(resource)] += static_cast<std::int64_t>(load_ppm);
    if (resource == Resource::tensor_cores)
      loads[kTensorDraw] +=
          static_cast<std::int64_t>(load_ppm * whole.power.draw_of(demand.kind, work.has_few_bits()));
  }
  return loads;
}

}  // namespace assay::sim
