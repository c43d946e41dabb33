// Faults of what goes over PCIe and NVLink: how fast it goes, and whether it arrives as it was sent.
#include <cstdint>
#include <stdexcept>
#include <string>

#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

bool is_sent_to_peer(WorkKind kind) {
  return kind == WorkKind::to_peer || kind == WorkKind::peer_stores;
}

bool is_load_or_store(WorkKind kind) {
  return kind == WorkKind::peer_loads || kind == WorkKind::peer_stores;
}

std::uint64_t whole(const FaultState& fault, const char* name) {
  return static_cast<std::uint64_t>(fault_parameter(fault, name, 0));
}

/// Throws std::invalid_argument.
void require_peer(const Planting& gpu) {
  const int peer = static_cast<int>(gpu.whole("peer"));
  if (peer == gpu.constants().slot || gpu_index_of_slot(gpu.state, peer) < 0)
    throw std::invalid_argument("there is no other GPU in slot " + std::to_string(peer));
}

/// One bit of every so many passages. What is smaller than a line of a cache, as the library's own answers
/// are, is left alone, but for single words that kernels load and store.
void flip_a_bit(const Passing& passing) {
  constexpr std::uint64_t kSmallest = 64;
  const std::uint64_t bit = whole(passing.fault, "bit");
  const bool too_small = passing.bytes < kSmallest && !is_load_or_store(passing.kind);
  if (too_small || bit / 8 >= passing.bytes) return;
  if (++passing.fault.calls % whole(passing.fault, "every") != 0) return;
  static_cast<unsigned char*>(passing.data)[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
}

const RegisteredFault pcie_corrupts{
    {"pcie_corrupts",
     "the PCIe link changes a bit of what goes over it, and nothing notices",
     "gpu",
     {{"to_host", "0: of what goes to the GPU; 1: of what comes from it", Unit::count, 0, 1, 0},
      {"every", "of so many copies, one", Unit::count, 1, 1e6, 1},
      {"bit", "of the copy, from 0", Unit::count, 0, 1023, 77}}},
    {.on_the_way = [](const Passing& passing) {
      const bool to_host = fault_parameter(passing.fault, "to_host", 0) != 0;
      if (passing.kind == (to_host ? WorkKind::device_to_host : WorkKind::host_to_device))
        flip_a_bit(passing);
    }}};

const RegisteredFault nvlink_pair_corrupts{
    {"nvlink_pair_corrupts",
     "what goes between this GPU and one other arrives changed, and nothing notices",
     "gpu",
     {{"peer", "the other's slot", Unit::count, 0, 15, 0},
      {"every", "of so many copies, or words that a kernel loads or stores, one", Unit::count, 1, 1e6, 5},
      {"bit", "that changes, from 0", Unit::count, 0, 127, 77}}},
    {.at_start = require_peer, .on_the_way = [](const Passing& passing) {
       if (passing.peer_slot == fault_parameter(passing.fault, "peer", 0)) flip_a_bit(passing);
     }}};

const RegisteredFault nvlink_gpu_corrupts{
    {"nvlink_gpu_corrupts",
     "what this GPU sends to any other arrives changed, and nothing notices",
     "gpu",
     {{"every", "of so many copies, or words that a kernel stores, one", Unit::count, 1, 1e6, 5},
      {"bit", "that changes, from 0", Unit::count, 0, 127, 77}}},
    {.on_the_way = [](const Passing& passing) {
      if (passing.peer_slot != kNoPeer && is_sent_to_peer(passing.kind)) flip_a_bit(passing);
    }}};

const RegisteredFault nvlink_pair_slow{
    {"nvlink_pair_slow",
     "what goes between this GPU and one other is slow",
     "gpu",
     {{"peer", "the other's slot", Unit::count, 0, 15, 0},
      {"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.7}}},
    {.at_start = require_peer, .share_of_way = [](const FaultState& fault, int peer_slot) {
       return peer_slot == fault_parameter(fault, "peer", 0) ? fault_parameter(fault, "factor", 1) : 1;
     }}};

const RegisteredFault nvlink_gpu_slow{
    {"nvlink_gpu_slow",
     "all that goes over the GPU's NVLinks is slow",
     "gpu",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.7}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      const bool bytes = is_with_peer(kind) && kind != WorkKind::peer_round_trips;
      return bytes ? fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault nvswitches_slow{
    {"nvswitches_slow",
     "all ways over the NVSwitches are slow",
     "node",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.7}}},
    {.in_node = [](State& state, const FaultState& fault) {
      state.nvswitches_lost = 1 - fault_parameter(fault, "factor", 1);
    }}};

const RegisteredFault peer_stores_slow{
    {"peer_stores_slow",
     "stores of the GPU's kernels to peers are slow, while its copy engines are not",
     "gpu",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.5}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return kind == WorkKind::peer_stores ? fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault peer_latency{
    {"peer_latency",
     "the GPU waits long for what it loads from peers",
     "gpu",
     {{"factor", "of the healthy time", Unit::ratio, 1, 1000, 3}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return kind == WorkKind::peer_round_trips ? 1 / fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault host_latency{
    {"host_latency",
     "the GPU waits long for what it loads from the host's memory",
     "gpu",
     {{"factor", "of the healthy time", Unit::ratio, 1, 1000, 3}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return kind == WorkKind::host_round_trips ? 1 / fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault pcie_port_slow{
    {"pcie_port_slow",
     "the port towards the root of the switch that the GPU is at carries less than it was trained to",
     "gpu",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.5}}},
    {.at_start = [](const Planting& gpu) {
      PciPort* const port = switch_above(gpu.state, gpu.gpu);
      if (port == nullptr) throw std::invalid_argument("the GPU is at no switch");
      port->rate_lost = 1 - gpu.parameter("factor");
    }}};

const RegisteredFault socket_link_slow{
    {"socket_link_slow",
     "the link between the processors carries less than it should",
     "node",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.3}}},
    {.in_node = [](State& state, const FaultState& fault) {
      state.socket_link_lost = 1 - fault_parameter(fault, "factor", 1);
    }}};

const RegisteredFault host_memory_slow{
    {"host_memory_slow",
     "the last NUMA node's memory is slow, as with channels that have no module",
     "node",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.5}}},
    {.in_node = [](State& state, const FaultState& fault) {
      state.host_memory_lost = 1 - fault_parameter(fault, "factor", 1);
    }}};

}  // namespace
}  // namespace assay::sim
