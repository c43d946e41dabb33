#include "harness/model/work.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace assay {

namespace {

constexpr std::array<std::string_view, kResources> kNames{
    "memory", "tensor_cores", "pcie_in", "pcie_out", "nvlink_in", "nvlink_out", "host_memory", "cores", "l2"};

}  // namespace

std::string_view name_of(Resource resource) {
  return kNames[static_cast<std::size_t>(resource)];
}

std::optional<Resource> resource_named(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Resource>(found - kNames.begin());
}

Resource resource_of(WorkKind kind) {
  switch (kind) {
    case WorkKind::read:
    case WorkKind::write:
    case WorkKind::copy:
    case WorkKind::triad:
    case WorkKind::sweep:
    case WorkKind::sweep_halves:
      return Resource::memory;
    case WorkKind::cached:
      return Resource::l2;
    case WorkKind::instructions:
      return Resource::cores;
    case WorkKind::bf16:
    case WorkKind::fp16:
    case WorkKind::tf32:
    case WorkKind::fp8:
    case WorkKind::int8:
    case WorkKind::fp64:
      return Resource::tensor_cores;
    case WorkKind::host_to_device:
    case WorkKind::host_round_trips:
      return Resource::pcie_in;
    case WorkKind::device_to_host:
      return Resource::pcie_out;
    case WorkKind::from_peer:
    case WorkKind::peer_loads:
    case WorkKind::peer_round_trips:
      return Resource::nvlink_in;
    case WorkKind::to_peer:
    case WorkKind::peer_stores:
    case WorkKind::ring:
    case WorkKind::multicast:
      return Resource::nvlink_out;
    case WorkKind::host_memory:
    case WorkKind::host_written:
    case WorkKind::sockets:
      break;
  }
  return Resource::host_memory;
}

bool is_with_peer(WorkKind kind) {
  return kind == WorkKind::from_peer || kind == WorkKind::to_peer || kind == WorkKind::peer_loads ||
         kind == WorkKind::peer_stores || kind == WorkKind::peer_round_trips;
}

Work& Work::add(WorkKind kind, double amount, int peer) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (demands_[i].kind != kind || demands_[i].peer != peer) continue;
    demands_[i].amount += amount;
    return *this;
  }
  if (count_ == kMostDemands) throw std::length_error("more demands than work has");
  demands_[count_++] = {kind, amount, peer};
  return *this;
}

Work& Work::operator*=(double times) {
  for (Demand& demand : demands_) demand.amount *= times;
  return *this;
}

double Work::amount(Resource resource) const {
  double sum = 0;
  for (const Demand& demand : *this) sum += resource_of(demand.kind) == resource ? demand.amount : 0;
  return sum;
}

double DevicePower::draw_of(WorkKind kind, bool few_bits) const {
  const double share = few_bits ? few_bits_draw : 1;
  switch (kind) {
    case WorkKind::fp16:
      return share * fp16_draw;
    case WorkKind::tf32:
      return share * tf32_draw;
    case WorkKind::fp8:
      return share * fp8_draw;
    case WorkKind::int8:
      return share * int8_draw;
    case WorkKind::fp64:
      return share * fp64_draw;
    default:
      return share;
  }
}

double DeviceSpeed::seconds_of_demands(const Work& work) const {
  std::array<double, kResources> seconds{};
  for (const Demand& demand : work)
    seconds[static_cast<std::size_t>(resource_of(demand.kind))] += demand.amount / rate(demand.kind);
  return *std::max_element(seconds.begin(), seconds.end());
}

/// Between the start and full speed lie published rates of eight H200s, from 1 MiB to 16 GiB, if the time
/// that is lost grows with the root of the size (limits: stas00/ml-engineering, Azure's
/// AI-benchmarking-guide).
double DeviceSpeed::seconds_of_collective(WorkKind kind, double bytes) const {
  constexpr double kFilledBytes = 256.0 * 1024 * 1024;
  if (kind == WorkKind::sockets) return sockets_start_s + bytes / rate(kind);
  return collective_start_s + collective_fill_s * std::sqrt(std::min(1.0, bytes / kFilledBytes)) +
         bytes / rate(kind);
}

double DeviceSpeed::seconds_to_hold(double bytes) const {
  return bytes / allocated_bytes_per_s + bytes / released_bytes_per_s;
}

double DeviceSpeed::free_bytes() const {
  return std::min(memory_bytes - reserved_bytes, memory_share * memory_bytes);
}

DeviceSpeed DeviceSpeed::shared_by(const Sharers& sharers) const {
  DeviceSpeed mine = *this;
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const auto resource = static_cast<std::size_t>(resource_of(static_cast<WorkKind>(kind)));
    mine.per_s[kind] /= std::max(1, sharers[resource]);
  }
  return mine;
}

}  // namespace assay
